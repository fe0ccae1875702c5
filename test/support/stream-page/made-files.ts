import type { FileView } from '../../../src/engine/types.ts'

/** A file whose bytes are made when they are read, the same each time. */
export interface MadeFile extends FileView {
  /** Bytes `[start, end)`. */
  make(start: number, end: number): Uint8Array
  /** Reading past this byte fails. */
  readonly brokenFrom?: number
  /** Reading past this byte waits for good. */
  readonly stuckFrom?: number
}

const facts = { mimeType: 'application/octet-stream', modifiedAtMs: Date.UTC(2024, 1, 29, 12) }

/** Any position tells its byte, so that a part can be checked alone. */
export function patternFile(path: string, sizeBytes: number, more: Partial<MadeFile> = {}): MadeFile {
  const make = (start: number, end: number) =>
    new Uint8Array(end - start).map((_, i) => (((start + i) * 167) ^ ((start + i) >>> 8)) & 0xff)
  return { ...facts, path, sizeBytes, make, ...more }
}

export function textFile(path: string, mimeType: string, text: string): MadeFile {
  const bytes = new TextEncoder().encode(text)
  return { ...facts, path, mimeType, sizeBytes: bytes.length, make: (start, end) => bytes.slice(start, end) }
}

/** Ten minutes of silence: a player that seeks in it must ask for ranges. */
export function soundFile(path: string): MadeFile {
  const rate = 44_100
  const dataBytes = rate * 2 * 600
  const header = new DataView(new ArrayBuffer(44))
  const numbers: [at: number, value: number, width: 2 | 4][] = [
    [4, 36 + dataBytes, 4],
    [16, 16, 4],
    [20, 1, 2],
    [22, 1, 2],
    [24, rate, 4],
    [28, rate * 2, 4],
    [32, 2, 2],
    [34, 16, 2],
    [40, dataBytes, 4]
  ]
  const write = (at: number, tag: string) => [...tag].forEach((char, i) => header.setUint8(at + i, char.charCodeAt(0)))
  write(0, 'RIFF')
  write(8, 'WAVEfmt ')
  write(36, 'data')
  for (const [at, value, width] of numbers) {
    if (width === 2) header.setUint16(at, value, true)
    else header.setUint32(at, value, true)
  }
  const make = (start: number, end: number) => {
    const bytes = new Uint8Array(end - start)
    const head = new Uint8Array(header.buffer).subarray(start, end)
    bytes.set(head)
    return bytes
  }
  return { ...facts, path, mimeType: 'audio/wav', sizeBytes: 44 + dataBytes, make }
}
