import { segmentBlocks } from '../core/limits.ts'
import type { PlacedBlock } from './types.ts'

/** Blocks that lie one after the other within one segment, as one piece of bytes. */
export interface Run {
  readonly start: number
  readonly count: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export const segmentOf = (index: number): number => Math.floor(index / segmentBlocks)

/** The blocks as runs in ascending order; of two blocks at one place the first counts. */
export function runsOf(blocks: readonly PlacedBlock[]): Run[] {
  const sorted = blocks.toSorted((a, b) => a.index - b.index)
  const runs: Run[] = []
  let run: PlacedBlock[] = []
  for (const block of sorted) {
    const last = run.at(-1)
    if (last?.index === block.index) continue
    if (last && (last.index + 1 !== block.index || segmentOf(last.index) !== segmentOf(block.index))) {
      runs.push(runFrom(run))
      run = []
    }
    run.push(block)
  }
  if (run.length > 0) runs.push(runFrom(run))
  return runs
}

function runFrom(blocks: readonly PlacedBlock[]): Run {
  return { start: blocks[0]!.index, count: blocks.length, bytes: inOnePiece(blocks.map((block) => block.bytes)) }
}

/**
 * The parts, joined. Parts that lie side by side in one buffer are not copied: a segment that was read, sealed and
 * hashed in place is stored from where it lies.
 */
function inOnePiece(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const first = parts[0]!
  const { buffer, byteOffset } = first
  const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0)
  let at = byteOffset
  const sideBySide = parts.every((part) => {
    const fits = part.buffer === buffer && part.byteOffset === at
    at += part.length
    return fits
  })
  if (sideBySide && buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, lengthBytes)
  const joined = new Uint8Array(lengthBytes)
  let to = 0
  for (const part of parts) {
    joined.set(part, to)
    to += part.length
  }
  return joined
}

/** Views of the blocks within one piece of bytes, in order. */
export function blocksIn(bytes: Uint8Array, blockBytes: number): Uint8Array[] {
  return Array.from({ length: bytes.length / blockBytes }, (_, i) =>
    bytes.subarray(i * blockBytes, (i + 1) * blockBytes)
  )
}
