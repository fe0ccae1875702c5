import { blockCountOf } from '../core/block/blocks.ts'
import { groupIndex, type SetId } from '../core/ids.ts'
import { addAheadSegments, blockBytes, sealStepBlocks, segmentBlocks } from '../core/limits.ts'
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
 * Reads content once: reads, seals, hashes and stores it in one pass, a segment at a time. At most `addAheadSegments`
 * segments are under way, so memory does not grow with size, and each step of one overlaps with the others' steps.
 */
export async function addContent(content: Content, options: AddOptions): Promise<Tree> {
  const { store, set, signal, onProgress } = options
  const blockCount = blockCountOf(content.sizeBytes, blockBytes)
  signal.throwIfAborted() // one that was removed meanwhile would be made anew
  await store.create(set, { blockCount, blockBytes })
  const builder = new TreeBuilder(blockCount)
  const isOurs = options.cipher !== undefined || content.readsFresh
  const underWay: Promise<void>[] = []
  let hashed: Promise<void> = Promise.resolve()
  let doneBytes = 0

  for (let start = 0; start < blockCount; start += segmentBlocks) {
    signal.throwIfAborted()
    const count = Math.min(segmentBlocks, blockCount - start)
    const leave = await content.whenReadable?.(Math.min(content.sizeBytes, (start + count) * blockBytes))
    const segment = readSegment(content, start, count, options.cipher)
    const digests = segment.then((blocks) => Promise.all(blocks.map((block) => digest(block.bytes))))
    hashed = Promise.all([hashed, digests]).then(([, leaves]) => leaves.forEach((leaf) => builder.append(leaf)))
    const stored = segment.then((blocks) => store.putBlocks(set, blocks))
    const done = Promise.all([segment, hashed, stored]).then(([blocks]) => {
      doneBytes = Math.min(content.sizeBytes, doneBytes + blocks.length * blockBytes)
      onProgress(doneBytes)
      if (isOurs) free(blocks.map(({ bytes }) => bytes)) // the store has its own copy [ST8]
    })
    done.finally(leave).catch(() => undefined) // the loop below awaits it; until then it must not count as unhandled
    underWay.push(done)
    if (underWay.length >= addAheadSegments) await underWay.shift()
  }
  await Promise.all(underWay)
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
): Promise<PlacedBlock[]> {
  const offsetBytes = start * blockBytes
  const plain = await content.read(offsetBytes, Math.min(content.sizeBytes, offsetBytes + count * blockBytes))
  if (!cipher) return placed(plain, start)
  const sealing: Promise<PlacedBlock[]>[] = []
  for (let block = 0; block < count; block += sealStepBlocks) {
    const part = plain.subarray(block * blockBytes, (block + sealStepBlocks) * blockBytes)
    const sealed = cipher.apply(offsetBytes + block * blockBytes, part)
    sealing.push(sealed.then((bytes) => placed(bytes, start + block)))
  }
  const blocks = (await Promise.all(sealing)).flat()
  if (content.readsFresh) free([plain])
  return blocks
}

/**
 * Gives memory back at once. As garbage it would wait for the next collection, and a browser lets some 64 MiB of such
 * buffers gather before one.
 */
function free(parts: readonly Uint8Array[]): void {
  for (const buffer of new Set(parts.map((part) => part.buffer as ArrayBuffer))) buffer.transfer(0)
}

/** What follows one another from `start`, as blocks. */
function placed(bytes: Uint8Array, start: number): PlacedBlock[] {
  const blocks: PlacedBlock[] = []
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = bytes.subarray(at, at + blockBytes)
    blocks.push({ index: start + at / blockBytes, bytes: block.length < blockBytes ? filled(block) : block })
  }
  return blocks
}

function filled(block: Uint8Array): Uint8Array {
  const whole = new Uint8Array(blockBytes)
  whole.set(block)
  return whole
}

async function storeHashes(store: BlockStore, set: SetId, tree: Tree, blockCount: number): Promise<void> {
  const groups = Array.from({ length: groupCountOf(blockCount) }, (_, i) => groupIndex(i))
  const batch = 64 // a mebibyte of hashes in one write
  for (let i = 0; i < groups.length; i += batch) {
    const part = groups.slice(i, i + batch).map((group) => ({ group, hashes: tree.group(group) }))
    await store.putHashGroups(set, part)
  }
}
