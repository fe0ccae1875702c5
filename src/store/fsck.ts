import { hash } from 'node:crypto'
import { Bitmap, type BlockRange } from '../core/block/bitmap.ts'
import { manifestCidOf } from '../core/block/cid.ts'
import { bytesEqual } from '../core/bytes.ts'
import { type GroupIndex, groupIndex, type SetId } from '../core/ids.ts'
import { checkProblemsMax, groupLeaves, segmentBlocks } from '../core/limits.ts'
import { decodeManifest, type Manifest } from '../core/manifest/manifest.ts'
import { groupCountOf, type HashGroup, verifyGroup } from '../core/merkle/group.ts'
import { hashAt } from '../core/merkle/node.ts'
import { BlockNotHeld, StoreFailed, UnknownSet } from './errors.ts'
import type { InspectableStore, StoreProblem, StoreProblemKind } from './inspecting.ts'
import { openStore } from './open.ts'
import type { BucketPlace } from './s3.ts'
import type { Catalog, ItemRecord, SetShape } from './types.ts'

export interface CheckOptions {
  /** Takes back claims that turn out wrong, so that the blocks are fetched again, and gives orphan bytes back. */
  readonly repair?: boolean
  /** Bytes of blocks that are checked so far, and all there are to check. */
  readonly onProgress?: (checkedBytes: number, totalBytes: number) => void
  readonly signal?: AbortSignal
}

export interface CheckReport {
  readonly setCount: number
  /** Blocks that are what their hashes say, up to the root where the item's manifest is known. */
  readonly verifiedBlocks: number
  readonly verifiedBytes: number
  readonly problemCount: number
  /** The first of them; a broken disk can have millions. */
  readonly problems: readonly StoreProblem[]
}

/**
 * Checks everything that a folder holds, or `bucket` where its blocks lie in one. It must be nobody's at the moment.
 * @throws StoreBlocked, StoreUnavailable, StoreNewer, StoreFailed
 */
export async function checkFolder(
  folder: string,
  options: CheckOptions & { readonly bucket?: BucketPlace } = {}
): Promise<CheckReport> {
  const { bucket } = options
  const { blocks, catalog } = await openStore(folder, bucket)
  try {
    return await checkStore({ blocks, catalog }, options)
  } finally {
    await blocks.close()
    await catalog.close()
  }
}

/**
 * Checks everything that a store holds: every block against its hash, every hash group against the root, every item
 * against its blocks, and every byte of its files against an owner. An engine may run over it meanwhile, but then
 * learns of repairs only when it is opened again. [ST21]
 */
export async function checkStore(
  opened: { readonly blocks: InspectableStore; readonly catalog: Catalog },
  options: CheckOptions = {}
): Promise<CheckReport> {
  return new Check(opened.blocks, opened.catalog, options).run()
}

class Check {
  readonly #store: InspectableStore
  readonly #catalog: Catalog
  readonly #options: CheckOptions
  readonly #problems: StoreProblem[] = []
  #problemCount = 0
  #verifiedBlocks = 0
  #verifiedBytes = 0
  #checkedBytes = 0
  #totalBytes = 0

  constructor(store: InspectableStore, catalog: Catalog, options: CheckOptions) {
    this.#store = store
    this.#catalog = catalog
    this.#options = options
  }

  async run(): Promise<CheckReport> {
    const { repair = false } = this.#options
    for (const problem of await this.#store.inspect(repair)) this.#add(problem)
    const sets = await this.#store.sets()
    this.#totalBytes = await this.#store.usedBytes()
    for (const set of sets) {
      await this.#checkSet(set).catch((thrown: unknown) => {
        // Removed while this went on.
        if (!(thrown instanceof UnknownSet)) throw thrown
      })
    }
    const known = new Set(sets)
    for (const item of await this.#catalog.items()) if (!known.has(item.id)) await this.#checkItem(item, undefined)
    return {
      setCount: sets.length,
      verifiedBlocks: this.#verifiedBlocks,
      verifiedBytes: this.#verifiedBytes,
      problemCount: this.#problemCount,
      problems: this.#problems
    }
  }

  async #checkSet(set: SetId): Promise<void> {
    const shape = await this.#store.shape(set)
    const held = await this.#store.held(set)
    if (!shape || !held) return
    const item = await this.#catalog.item(set)
    if (!item) return this.#checkNobodys(set, shape, held)
    const manifest = await this.#manifestOf(item, shape)
    for (let index = 0; index < groupCountOf(shape.blockCount); index++) {
      this.#options.signal?.throwIfAborted()
      await this.#checkGroup({ set, shape, held, manifest, group: groupIndex(index) })
    }
    await this.#checkItem(item, await this.#store.held(set))
  }

  async #checkNobodys(set: SetId, { blockBytes }: SetShape, held: Bitmap): Promise<void> {
    const { repair = false } = this.#options
    const sizeBytes = held.count * blockBytes
    // What a program was removing when it ended, or is removing now, goes when the library is opened next. [ST27]
    if ((await this.#catalog.leaving()).includes(set)) return this.#progress(sizeBytes)
    if (repair) await this.#store.remove(set)
    this.#add({ kind: 'set-without-item', set, sizeBytes, detail: `${held.count} blocks`, isRepaired: repair })
    this.#progress(sizeBytes)
  }

  /** The manifest, if it is known and right. Without it hashes cannot be traced to a root. */
  async #manifestOf(item: ItemRecord, shape: SetShape): Promise<Manifest | undefined> {
    const { id, manifest: bytes, manifestCid } = item
    if (!bytes) return undefined
    try {
      const manifest = decodeManifest(bytes)
      const isAddressed = manifestCid === undefined || manifestCidOf(sha256(bytes)) === manifestCid
      const fits = manifest.blockCount === shape.blockCount && manifest.blockBytes === shape.blockBytes
      if (isAddressed && fits) return manifest
    } catch {
      // Told below: what cannot be decoded is as wrong as what says something else.
    }
    const { repair = false } = this.#options
    if (repair) await this.#catalog.putItem({ ...item, manifest: undefined, complete: false })
    this.#add({ kind: 'manifest-wrong', set: id, detail: 'manifest', isRepaired: repair })
    return undefined
  }

  async #checkGroup(where: GroupOfSet): Promise<void> {
    const { set, shape, held, manifest, group } = where
    const start = group * groupLeaves
    const blocks = rangesWithin(held, { start, count: Math.min(groupLeaves, shape.blockCount - start) })
    const hashes = await this.#store.readHashGroup(set, group)
    const rooted = hashes && (!manifest || isRooted(manifest, group, hashes))
    const unverifiable = !rooted && (hashes || manifest)
    if (unverifiable && (hashes || blocks.length > 0)) {
      await this.#unclaim(hashes ? 'hashes-wrong' : 'hashes-missing', where, blocks, hashes ? [group] : [])
    }
    if (!rooted) return this.#progress(blocks.reduce((sum, { count }) => sum + count, 0) * shape.blockBytes)
    for (const range of blocks) await this.#checkBlocks(where, range, hashes)
    this.#progress(hashes.leaves.length + hashes.path.length)
  }

  async #checkBlocks(where: GroupOfSet, range: BlockRange, hashes: HashGroup): Promise<void> {
    const { set, shape, group } = where
    for (let start = range.start; start < range.start + range.count; start += segmentBlocks) {
      this.#options.signal?.throwIfAborted()
      const count = Math.min(segmentBlocks, range.start + range.count - start)
      const read = await this.#readApart(set, { start, count })
      for (let i = 0; i < count; i++) {
        const bytes = read[i]
        const leaf = hashAt(hashes.leaves, start + i - group * groupLeaves)
        if (bytes && bytesEqual(sha256(bytes), leaf)) {
          this.#verifiedBlocks++
          this.#verifiedBytes += bytes.length
        } else {
          await this.#unclaim(bytes ? 'block-wrong' : 'block-unreadable', where, [{ start: start + i, count: 1 }], [])
        }
      }
      this.#progress(count * shape.blockBytes)
    }
  }

  /** Where a run cannot be read whole, each of its blocks that can. */
  async #readApart(set: SetId, { start, count }: BlockRange): Promise<(Uint8Array | undefined)[]> {
    try {
      return await this.#store.readBlocks(set, { start, count })
    } catch (thrown) {
      if (!(thrown instanceof BlockNotHeld || thrown instanceof StoreFailed)) throw thrown
      if (count === 1) return [undefined]
      const read: (Uint8Array | undefined)[] = []
      for (let i = 0; i < count; i++) read.push(...(await this.#readApart(set, { start: start + i, count: 1 })))
      return read
    }
  }

  async #unclaim(
    kind: StoreProblemKind,
    { set, shape, group }: GroupOfSet,
    blocks: readonly BlockRange[],
    groups: readonly GroupIndex[]
  ): Promise<void> {
    const { repair = false } = this.#options
    if (repair) await this.#store.unclaim(set, blocks, groups)
    const blockCount = blocks.reduce((sum, { count }) => sum + count, 0)
    const first = blocks[0]?.start
    const detail = first === undefined ? `hash group ${group}` : `${blockCount} from block ${first}`
    this.#add({ kind, set, sizeBytes: blockCount * shape.blockBytes, detail, isRepaired: repair })
  }

  async #checkItem({ id }: ItemRecord, held: Bitmap | undefined): Promise<void> {
    const item = await this.#catalog.item(id)
    if (!item?.complete || held?.isFull) return
    const { repair = false } = this.#options
    if (repair) await this.#catalog.putItem({ ...item, complete: false })
    const detail = held ? `${held.size - held.count} blocks are missing` : 'its data set is missing'
    this.#add({ kind: 'item-incomplete', set: id, detail, isRepaired: repair })
  }

  #add(problem: StoreProblem): void {
    this.#problemCount++
    if (this.#problems.length < checkProblemsMax) this.#problems.push(problem)
  }

  #progress(bytes: number): void {
    this.#checkedBytes = Math.min(this.#totalBytes, this.#checkedBytes + bytes)
    this.#options.onProgress?.(this.#checkedBytes, this.#totalBytes)
  }
}

interface GroupOfSet {
  readonly set: SetId
  readonly shape: SetShape
  readonly held: Bitmap
  readonly manifest: Manifest | undefined
  readonly group: GroupIndex
}

function isRooted({ root, blockCount }: Manifest, group: GroupIndex, hashes: HashGroup): boolean {
  try {
    verifyGroup(root, blockCount, group, hashes)
    return true
  } catch {
    return false
  }
}

/** What is held of a run, as runs. */
function rangesWithin(held: Bitmap, { start, count }: BlockRange): BlockRange[] {
  // A group begins with a byte of the bitmap.
  const part = new Bitmap(count, held.bytes.slice(start / 8, Math.ceil((start + count) / 8)))
  return [...part.ranges()].map((range) => ({ start: start + range.start, count: range.count }))
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(hash('sha256', bytes, 'buffer'))
