/** CRC-32 as in ZIP and PNG (reflected polynomial 0xEDB88320), eight tables: eight bytes for each turn of the loop. */
const tables = new Uint32Array(8 * 256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  tables[byte] = crc
}
for (let i = 256; i < tables.length; i++) tables[i] = (tables[i - 256]! >>> 8) ^ tables[tables[i - 256]! & 0xff]!

/** The checksum of what `crc` covers followed by `bytes`; begin with 0. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let c = ~crc
  let at = 0
  for (const wideEnd = bytes.length - 7; at < wideEnd; at += 8) {
    c ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    c =
      tables[1792 + (c & 0xff)]! ^
      tables[1536 + ((c >>> 8) & 0xff)]! ^
      tables[1280 + ((c >>> 16) & 0xff)]! ^
      tables[1024 + (c >>> 24)]! ^
      tables[768 + bytes[at + 4]!]! ^
      tables[512 + bytes[at + 5]!]! ^
      tables[256 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) c = (c >>> 8) ^ tables[(c ^ bytes[at]!) & 0xff]!
  return ~c >>> 0
}
