/** UTF-8 without the platform's help: the core has no TextEncoder. */

/** Bytes that a text takes. */
export function utf8Length(text: string): number {
  let length = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!
    if (code > 0xffff) at++
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return length
}

/** First byte's mark when 1, 2 or 3 bytes follow. */
const leads = [0xc0, 0xe0, 0xf0]

export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const raw = text.codePointAt(at)!
    if (raw > 0xffff) at++
    const code = raw >= 0xd800 && raw <= 0xdfff ? 0xfffd : raw // a lone surrogate has no UTF-8
    if (code < 0x80) {
      bytes[end++] = code
      continue
    }
    const following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
    bytes[end++] = leads[following - 1]! | (code >> (6 * following))
    for (let i = following - 1; i >= 0; i--) bytes[end++] = 0x80 | ((code >> (6 * i)) & 63)
  }
  return bytes
}

/**
 * Strict: undefined for overlong forms, surrogates, cut sequences. Joined and not appended to, for the memory that a text
 * keeps which grew step by step.
 */
export function utf8Decode(bytes: Uint8Array): string | undefined {
  const characters: string[] = []
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!
    const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
    if (length === 0 || at + length > bytes.length) return undefined
    let code = length === 1 ? first : first & (0x7f >> length)
    for (let i = 1; i < length; i++) {
      const next = bytes[at + i]!
      if ((next & 0xc0) !== 0x80) return undefined
      code = (code << 6) | (next & 63)
    }
    const overlong = (length === 3 && code < 0x800) || (length === 4 && code < 0x10000)
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
    characters.push(String.fromCodePoint(code))
    at += length
  }
  return characters.join('')
}
