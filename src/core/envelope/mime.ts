import { mimeBytesMax } from '../limits.ts'

const token = '[a-z0-9!#$&^_.+-]+'
const mimeType = new RegExp(`^${token}/${token}(; *${token}=(${token}|"[a-z0-9 !#$&^_.,:=+-]*"))*$`, 'i')

/** `text` when it is a mime type of bounded length, else empty: it may come from strangers, and ends in headers. [EN6] */
export function cleanMimeType(text: string): string {
  const trimmed = text.slice(0, 2 * mimeBytesMax).trim()
  return trimmed.length <= mimeBytesMax && mimeType.test(trimmed) ? trimmed : ''
}
