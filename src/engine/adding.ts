import { blockCountOf } from '../core/block/blocks.ts'
import { groupIndex, type SetId } from '../core/ids.ts'
import { addAheadSegments, blockBytes, segmentBlocks } from '../core/limits.ts'
import { groupCountOf } from '../core/merkle/group.ts'
import { TreeBuilder, type Tree } from '../core/merkle/tree.ts'
import type { BlockStore, PlacedBlock } from '../store/types.ts'
import type { Content } from './content.ts'
import { type ContentCipher, digest } from './crypto.ts'

export interface AddOptions {
  readonly store: BlockStore
  readonly set: SetId
  /** Absent: a plain data set. */
  readonly cipher?: ContentCipher
  readonly signal: AbortSignal
  /** Bytes of the data set that are read, sealed, hashed and durable so far. */
  readonly onProgress: (doneBytes: number) => void
}

/**
 * Reads content once: seals, hashes and stores it in one pass, a segment at a time. At most `addAheadSegments`
 * segments are under way, so memory does not grow with size; reading, sealing, hashing and storing overlap.
 */
export async function addContent(content: Content, options: AddOptions): Promise<Tree> {
  const { store, set, signal, onProgress } = options
  const blockCount = blockCountOf(content.sizeBytes, blockBytes)
  await store.create(set, { blockCount, blockBytes })
  const builder = new TreeBuilder(blockCount)
  const pending: Promise<void>[] = []
  let hashed: Promise<void> = Promise.resolve()
  let doneBytes = 0

  for (let start = 0; start < blockCount; start += segmentBlocks) {
    signal.throwIfAborted()
    const segment = await readSegment(content, start, Math.min(segmentBlocks, blockCount - start), options.cipher)
    const blocks = placed(segment, start)
    const digests = Promise.all(blocks.map((block) => digest(block.bytes)))
    hashed = Promise.all([hashed, digests]).then(([, leaves]) => leaves.forEach((leaf) => builder.append(leaf)))
    const stored = Promise.all([hashed, store.putBlocks(set, blocks)]).then(() => {
      doneBytes = Math.min(content.sizeBytes, doneBytes + segment.length)
      onProgress(doneBytes)
    })
    stored.catch(() => undefined) // the loop below awaits it; until then it must not count as unhandled
    pending.push(stored)
    if (pending.length >= addAheadSegments) await pending.shift()
  }
  await Promise.all(pending)
  const tree = builder.finish()
  await storeHashes(store, set, tree, blockCount)
  return tree
}

/** One segment as it is stored: whole blocks, sealed, the last one of the data set filled with zeros. */
async function readSegment(
  content: Content,
  start: number,
  count: number,
  cipher?: ContentCipher
): Promise<Uint8Array> {
  const offsetBytes = start * blockBytes
  const contentBytes = Math.min(count * blockBytes, content.sizeBytes - offsetBytes)
  const plain = new Uint8Array(cipher ? contentBytes : count * blockBytes)
  await content.fill(plain.subarray(0, contentBytes), offsetBytes)
  const sealed = cipher ? await cipher.apply(offsetBytes, plain) : plain
  if (sealed.length === count * blockBytes) return sealed
  const filled = new Uint8Array(count * blockBytes)
  filled.set(sealed)
  return filled
}

function placed(segment: Uint8Array, start: number): PlacedBlock[] {
  const blocks: PlacedBlock[] = []
  for (let at = 0; at < segment.length; at += blockBytes) {
    blocks.push({ index: start + at / blockBytes, bytes: segment.subarray(at, at + blockBytes) })
  }
  return blocks
}

async function storeHashes(store: BlockStore, set: SetId, tree: Tree, blockCount: number): Promise<void> {
  const groups = Array.from({ length: groupCountOf(blockCount) }, (_, i) => groupIndex(i))
  const batch = 64 // a mebibyte of hashes in one write
  for (let i = 0; i < groups.length; i += batch) {
    const part = groups.slice(i, i + batch).map((group) => ({ group, hashes: tree.group(group) }))
    await store.putHashGroups(set, part)
  }
}
