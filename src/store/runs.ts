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
  return chained(blocks, (last, next) => segmentOf(last.index) === segmentOf(next.index)).map(runFrom)
}

/**
 * Runs of blocks that lie side by side in memory too, so that nothing is copied: for stores that can write where they
 * like. A segment that was sealed in parts, or came block by block, is stored from where it lies.
 */
export function piecesOf(blocks: readonly PlacedBlock[]): Run[] {
  return chained(blocks, ({ bytes: last }, { bytes: next }) => {
    return last.buffer === next.buffer && last.byteOffset + last.length === next.byteOffset
  }).map(runFrom)
}

type Joins = (last: PlacedBlock, next: PlacedBlock) => boolean

/** Neighbours in ascending order, as long as each next one may join. */
function chained(blocks: readonly PlacedBlock[], joins: Joins): PlacedBlock[][] {
  const chains: PlacedBlock[][] = []
  let last: PlacedBlock | undefined
  for (const block of blocks.toSorted((a, b) => a.index - b.index)) {
    if (last?.index === block.index) continue
    if (last && last.index + 1 === block.index && joins(last, block)) chains.at(-1)!.push(block)
    else chains.push([block])
    last = block
  }
  return chains
}

function runFrom(blocks: readonly PlacedBlock[]): Run {
  return { start: blocks[0]!.index, count: blocks.length, bytes: inOnePiece(blocks.map((block) => block.bytes)) }
}

/** The parts, joined. Parts that lie side by side in one buffer are not copied. */
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
