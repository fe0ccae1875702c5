import { readAheadBlocks, readStepBlocks } from '../core/limits.ts'
import type { ContentCipher } from './crypto.ts'

/** Gives verified blocks, fetching first what is missing. */
export interface BlockReader {
  readonly blockBytes: number
  /** The blocks from `start`, in order; waits for those that are not here yet. `ahead` more are wished for next. */
  blocks(start: number, count: number, ahead: number): Promise<Uint8Array[]>
  /** No more wishes. */
  close(): void
}

/**
 * Bytes `[start, end)` of a data set as a pulled stream, decrypted when there is a cipher. Each chunk covers up to
 * `readStepBlocks`, so a reader that stops pulling holds little; what follows is wished for ahead of time.
 */
export function readBytes(
  reader: BlockReader,
  start: number,
  end: number,
  cipher?: ContentCipher
): ReadableStream<Uint8Array> {
  const { blockBytes } = reader
  let at = start
  let first = true
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (at >= end) {
          reader.close()
          return controller.close()
        }
        const firstBlock = Math.floor(at / blockBytes)
        const lastBlock = Math.ceil(end / blockBytes)
        const count = Math.min(first ? 1 : readStepBlocks, lastBlock - firstBlock) // the first byte soonest
        first = false
        try {
          const ahead = Math.min(readAheadBlocks, lastBlock - firstBlock - count)
          const blocks = await reader.blocks(firstBlock, count, ahead)
          // A small file is little of its block: what lies behind it is not opened.
          const sealed = joined(blocks, blockBytes).subarray(0, end - firstBlock * blockBytes)
          const plain = cipher ? await cipher.apply(firstBlock * blockBytes, sealed) : sealed
          const chunk = plain.subarray(at - firstBlock * blockBytes)
          at += chunk.length
          controller.enqueue(chunk)
        } catch (error) {
          reader.close()
          throw error
        }
      },
      cancel() {
        reader.close()
      }
    },
    { highWaterMark: 0 }
  )
}

/** All of a short stretch at once. */
export async function collectBytes(stream: ReadableStream<Uint8Array>, sizeBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes)
  let at = 0
  const reader = stream.getReader()
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes.set(step.value, at)
    at += step.value.length
  }
  return bytes
}

/** What a store read lies side by side already [ST8]. */
function joined(blocks: readonly Uint8Array[], blockBytes: number): Uint8Array {
  const { buffer, byteOffset } = blocks[0]!
  const isJoined = blocks.every(
    (block, i) =>
      block.buffer === buffer && block.byteOffset === byteOffset + i * blockBytes && block.length === blockBytes
  )
  if (isJoined) return new Uint8Array(buffer, byteOffset, blocks.length * blockBytes)
  const bytes = new Uint8Array(blocks.length * blockBytes)
  blocks.forEach((block, i) => bytes.set(block, i * blockBytes))
  return bytes
}
