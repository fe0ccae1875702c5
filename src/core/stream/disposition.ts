/** Characters that `filename*` may hold as they are (RFC 8187, attr-char) and encodeURIComponent escapes or leaves. */
const escapedToo = /['()*]/g

/** Value of `Content-Disposition` (RFC 6266): the whole name for today's browsers, and one of plain ASCII beside it. [SW7] */
export function contentDisposition(type: 'inline' | 'attachment', name: string): string {
  const last = name.split('/').at(-1)!.toWellFormed()
  const plain = last.replace(/[^\x20-\x7e]|["\\%]/gu, '_')
  const whole = encodeURIComponent(last).replace(
    escapedToo,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
  )
  return `${type}; filename="${plain}"; filename*=UTF-8''${whole}`
}
