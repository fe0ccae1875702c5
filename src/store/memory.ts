import { Bitmap, type BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, ManifestCid, SetId } from '../core/ids.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import { BlockMisplaced, BlockNotHeld, UnknownSet } from './errors.ts'
import { checkPlaces, checkRange, sameShape } from './placing.ts'
import type { BlockStore, Catalog, ItemRecord, PlacedBlock, SetShape } from './types.ts'

interface MemorySet {
  readonly shape: SetShape
  readonly held: Bitmap
  readonly blocks: Map<number, Uint8Array>
  readonly groups: Map<GroupIndex, HashGroup>
}

/** Everything in memory: for tests, and where a browser lets nothing be stored. */
export class MemoryBlockStore implements BlockStore {
  readonly #sets = new Map<SetId, MemorySet>()

  async create(set: SetId, shape: SetShape): Promise<void> {
    const known = this.#sets.get(set)
    if (known && !sameShape(known.shape, shape)) throw new BlockMisplaced(0)
    if (known) return
    this.#sets.set(set, { shape, held: new Bitmap(shape.blockCount), blocks: new Map(), groups: new Map() })
  }

  async shape(set: SetId): Promise<SetShape | undefined> {
    return this.#sets.get(set)?.shape
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    const { shape, held, blocks: stored } = this.#get(set)
    checkPlaces(shape, blocks)
    for (const { index, bytes } of blocks) {
      stored.set(index, bytes.slice())
      held.set(index)
    }
  }

  async readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    const { shape, blocks } = this.#get(set)
    checkRange(shape, range)
    return Array.from({ length: range.count }, (_, i) => {
      const block = blocks.get(range.start + i)
      if (!block) throw new BlockNotHeld(range.start + i)
      return block
    })
  }

  async held(set: SetId): Promise<Bitmap | undefined> {
    return this.#sets.get(set)?.held.clone()
  }

  async putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    for (const { group, hashes } of groups) this.#get(set).groups.set(group, hashes)
  }

  async readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.#sets.get(set)?.groups.get(group)
  }

  async remove(set: SetId): Promise<void> {
    this.#sets.delete(set)
  }

  async sets(): Promise<SetId[]> {
    return [...this.#sets.keys()]
  }

  async usedBytes(): Promise<number> {
    let bytes = 0
    for (const { shape, held, groups } of this.#sets.values()) {
      bytes += held.count * shape.blockBytes
      for (const { leaves, path } of groups.values()) bytes += leaves.length + path.length
    }
    return bytes
  }

  async close(): Promise<void> {}

  #get(set: SetId): MemorySet {
    const known = this.#sets.get(set)
    if (!known) throw new UnknownSet()
    return known
  }
}

export class MemoryCatalog implements Catalog {
  readonly #items = new Map<SetId, ItemRecord>()
  readonly #values = new Map<string, unknown>()

  async items(): Promise<ItemRecord[]> {
    return [...this.#items.values()]
  }

  async item(id: SetId): Promise<ItemRecord | undefined> {
    return this.#items.get(id)
  }

  async itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined> {
    return [...this.#items.values()].find((item) => item.manifestCid === cid)
  }

  async putItem(item: ItemRecord): Promise<void> {
    this.#items.set(item.id, structuredClone(item))
  }

  async removeItem(id: SetId): Promise<void> {
    this.#items.delete(id)
  }

  async get(name: string): Promise<unknown> {
    return this.#values.get(name)
  }

  async put(name: string, value: unknown): Promise<void> {
    this.#values.set(name, structuredClone(value))
  }

  async close(): Promise<void> {}
}
