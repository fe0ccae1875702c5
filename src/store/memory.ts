import { Bitmap, type BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, ManifestCid, SetId } from '../core/ids.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import {
  checkBlocks,
  checkedItem,
  checkGroup,
  checkHashes,
  checkRange,
  checkSameShape,
  checkSetId,
  checkShape
} from './check.ts'
import { BadStoreCall, BlockNotHeld, StoreClosed, UnknownSet } from './errors.ts'
import { blocksIn } from './runs.ts'
import type { BlockStore, Catalog, ItemRecord, PlacedBlock, SetShape } from './types.ts'

interface MemorySet {
  readonly shape: SetShape
  readonly held: Bitmap
  readonly blocks: Map<number, Uint8Array>
  readonly groups: Map<GroupIndex, HashGroup>
}

/** Keeps everything until the process or tab ends: for private windows, and for tests. */
export class MemoryBlockStore implements BlockStore {
  readonly #sets = new Map<SetId, MemorySet>()
  #closed = false

  async create(set: SetId, shape: SetShape): Promise<void> {
    this.#checkOpen()
    checkSetId(set)
    checkShape(shape)
    const known = this.#sets.get(set)
    if (known) return checkSameShape(known.shape, shape)
    const { blockCount, blockBytes } = shape
    const fresh = {
      shape: { blockCount, blockBytes },
      held: new Bitmap(blockCount),
      blocks: new Map(),
      groups: new Map()
    }
    this.#sets.set(set, fresh)
  }

  async shape(set: SetId): Promise<SetShape | undefined> {
    this.#checkOpen()
    return this.#sets.get(set)?.shape
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    const into = this.#known(set)
    checkBlocks(into.shape, blocks)
    for (const { index, bytes } of blocks) if (into.held.set(index)) into.blocks.set(index, new Uint8Array(bytes))
  }

  async readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    const { shape, blocks } = this.#known(set)
    checkRange(shape, range)
    const read = new Uint8Array(range.count * shape.blockBytes)
    for (let i = 0; i < range.count; i++) {
      const bytes = blocks.get(range.start + i)
      if (!bytes) throw new BlockNotHeld(range.start + i)
      read.set(bytes, i * shape.blockBytes)
    }
    return blocksIn(read, shape.blockBytes)
  }

  async held(set: SetId): Promise<Bitmap | undefined> {
    this.#checkOpen()
    return this.#sets.get(set)?.held.clone()
  }

  async putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    const into = this.#known(set)
    for (const { group, hashes } of groups) checkHashes(into.shape, group, hashes)
    for (const { group, hashes } of groups) into.groups.set(group, copyOf(hashes))
  }

  async readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    const { shape, groups } = this.#known(set)
    checkGroup(shape, group)
    const hashes = groups.get(group)
    return hashes && copyOf(hashes)
  }

  async remove(set: SetId): Promise<void> {
    this.#checkOpen()
    this.#sets.delete(set)
  }

  async sets(): Promise<SetId[]> {
    this.#checkOpen()
    return [...this.#sets.keys()]
  }

  async usedBytes(): Promise<number> {
    this.#checkOpen()
    let usedBytes = 0
    for (const { shape, held, groups } of this.#sets.values()) {
      usedBytes += held.count * shape.blockBytes
      for (const { leaves, path } of groups.values()) usedBytes += leaves.length + path.length
    }
    return usedBytes
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  /** The same contents, open again: what a new visit would find, had this been a disk. */
  reopened(): MemoryBlockStore {
    const again = new MemoryBlockStore()
    for (const [set, contents] of this.#sets) again.#sets.set(set, contents)
    return again
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreClosed()
  }

  #known(set: SetId): MemorySet {
    this.#checkOpen()
    const known = this.#sets.get(set)
    if (!known) throw new UnknownSet(set)
    return known
  }
}

const copyOf = ({ leaves, path }: HashGroup): HashGroup => ({
  leaves: new Uint8Array(leaves),
  path: new Uint8Array(path)
})

/** The library's memory for one visit. Values go in and out as copies. */
export class MemoryCatalog implements Catalog {
  readonly #items = new Map<SetId, ItemRecord>()
  readonly #values = new Map<string, unknown>()
  readonly #leaving = new Set<SetId>()
  #closed = false

  async items(): Promise<ItemRecord[]> {
    return [...this.#open(this.#items).values()].map((item) => structuredClone(item))
  }

  async item(id: SetId): Promise<ItemRecord | undefined> {
    return structuredClone(this.#open(this.#items).get(id))
  }

  async itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined> {
    return structuredClone(
      this.#open(this.#items)
        .values()
        .find((item) => item.manifestCid === cid)
    )
  }

  async putItem(item: ItemRecord): Promise<void> {
    this.#open(this.#items).set(item.id, structuredClone(checkedItem(item)))
    this.#leaving.delete(item.id)
  }

  async removeItem(id: SetId): Promise<void> {
    this.#open(this.#items).delete(id)
    this.#leaving.add(id)
  }

  async leaving(): Promise<SetId[]> {
    return [...this.#open(this.#leaving)]
  }

  async left(id: SetId): Promise<void> {
    this.#open(this.#leaving).delete(id)
  }

  async get(name: string): Promise<unknown> {
    return structuredClone(this.#open(this.#values).get(name))
  }

  async put(name: string, value: unknown): Promise<void> {
    this.#open(this.#values).set(name, keepable(value))
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  /** The same contents, open again: what a new visit would find, had this been a disk. */
  reopened(): MemoryCatalog {
    const again = new MemoryCatalog()
    for (const [id, item] of this.#items) again.#items.set(id, item)
    for (const [name, value] of this.#values) again.#values.set(name, value)
    for (const id of this.#leaving) again.#leaving.add(id)
    return again
  }

  #open<T>(contents: T): T {
    if (this.#closed) throw new StoreClosed()
    return contents
  }
}

function keepable(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch (cause) {
    throw new BadStoreCall('This value cannot be stored.', {}, { cause })
  }
}
