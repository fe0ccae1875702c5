import type { Bitmap, BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import { readSegmentsMax, segmentBlocks } from '../core/limits.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import { IndexedDbCatalog } from './catalog-indexeddb.ts'
import { checkBlocks, checkRange } from './check.ts'
import { Database, type SetRecord } from './database.ts'
import { BlockNotHeld, StoreUnavailable } from './errors.ts'
import { blocksIn, runsOf, segmentOf } from './runs.ts'
import { claim, knownIn, SetTables } from './set-tables.ts'
import type { BlockStore, Catalog, PlacedBlock, SetShape } from './types.ts'

/**
 * Blocks and catalog of this origin, all in IndexedDB.
 * @throws StoreUnavailable where the browser gives none; StoreBlocked, StoreNewer, StoreFailed
 */
export async function openIndexedDb(name: string): Promise<{ blocks: BlockStore; catalog: Catalog }> {
  const database = new Database(name)
  await database.read(['sets'], (tx) => tx.objectStore('sets').count())
  return { blocks: new IndexedDbBlockStore(database), catalog: new IndexedDbCatalog(database) }
}

/** Blocks of one segment by their index. */
type ReadSegment = ReadonlyMap<number, Uint8Array>

/**
 * Blocks as records of the browser's database. A record is a run of blocks within one segment: a whole segment when
 * written at once, which is fastest; fewer when a fetch jumps about, which costs no rewriting.
 */
export class IndexedDbBlockStore implements BlockStore {
  readonly #tables: SetTables
  readonly #sets = new Map<SetId, SetRecord>()
  /** Read last, last; by serial and segment. */
  readonly #segments = new Map<string, ReadSegment>()

  constructor(database: Database) {
    this.#tables = new SetTables(database)
  }

  create(set: SetId, shape: SetShape): Promise<void> {
    this.#sets.delete(set)
    return this.#tables.create(set, shape, 'records')
  }

  async shape(set: SetId): Promise<SetShape | undefined> {
    const record = await this.#tables.find(set)
    return record && { blockCount: record.blockCount, blockBytes: record.blockBytes }
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    await this.#tables.database.write(['sets', 'held', 'blocks'], async (tx) => {
      const record = recordsOnly(await knownIn(tx, set))
      checkBlocks(record, blocks)
      const table = tx.objectStore('blocks')
      for (const { start, bytes } of runsOf(await claim(tx, record, blocks))) {
        // Storing a view stores the whole buffer behind it.
        const alone = bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
        await table.put({ start, bytes: alone }, [record.serial, start])
      }
    })
  }

  async readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    const record = await this.#record(set)
    checkRange(record, range)
    const read = new Uint8Array(range.count * record.blockBytes)
    for (let index = range.start; index < range.start + range.count;) {
      const segment = segmentOf(index)
      const end = Math.min((segment + 1) * segmentBlocks, range.start + range.count)
      const blocks = await this.#segment(set, record, segment, { start: index, count: end - index })
      for (; index < end; index++) read.set(blocks.get(index)!, (index - range.start) * record.blockBytes)
    }
    return blocksIn(read, record.blockBytes)
  }

  held(set: SetId): Promise<Bitmap | undefined> {
    return this.#tables.held(set)
  }

  putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    return this.#tables.putHashGroups(set, groups)
  }

  readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.#tables.readHashGroup(set, group)
  }

  async remove(set: SetId): Promise<void> {
    this.#sets.delete(set)
    await this.#tables.remove(set)
  }

  async sets(): Promise<SetId[]> {
    return (await this.#tables.all()).map(({ set }) => set as SetId)
  }

  usedBytes(): Promise<number> {
    return this.#tables.usedBytes()
  }

  async close(): Promise<void> {
    this.#sets.clear()
    this.#segments.clear()
    await this.#tables.database.close()
  }

  /** A set's row never changes shape or serial while it exists, so one look is enough for the reads of a walk. */
  async #record(set: SetId): Promise<SetRecord> {
    const seen = this.#sets.get(set)
    if (seen) return seen
    const record = recordsOnly(await this.#tables.known(set))
    this.#sets.set(set, record)
    return record
  }

  /** The segment, from memory if it was just read and has all of `needed`. */
  async #segment(set: SetId, record: SetRecord, segment: number, needed: BlockRange): Promise<ReadSegment> {
    const key = `${record.serial} ${segment}`
    const seen = this.#segments.get(key)
    this.#segments.delete(key)
    const fits = seen !== undefined && firstMissing(seen, needed) === undefined
    const blocks = fits ? seen : await this.#readSegment(record, segment)
    const missing = firstMissing(blocks, needed)
    if (missing !== undefined) {
      this.#sets.delete(set)
      // A set that another tab removed is told from a block that is not here yet.
      await this.#tables.known(set)
      throw new BlockNotHeld(missing)
    }
    this.#segments.set(key, blocks)
    if (this.#segments.size > readSegmentsMax) this.#segments.delete(this.#segments.keys().next().value!)
    return blocks
  }

  #readSegment({ serial, blockBytes }: SetRecord, segment: number): Promise<ReadSegment> {
    const start = segment * segmentBlocks
    const keys = IDBKeyRange.bound([serial, start], [serial, start + segmentBlocks], false, true)
    return this.#tables.database.read(['blocks'], async (tx) => {
      const runs = await tx.objectStore('blocks').getAll(keys)
      return new Map(
        runs.flatMap((run) => blocksIn(run.bytes, blockBytes).map((bytes, i) => [run.start + i, bytes] as const))
      )
    })
  }
}

function firstMissing(blocks: ReadSegment, { start, count }: BlockRange): number | undefined {
  for (let index = start; index < start + count; index++) if (!blocks.has(index)) return index
  return undefined
}

/** Its bitmap must not be touched here: what that claims is in a file. */
function recordsOnly(record: SetRecord): SetRecord {
  if (record.home !== 'records') throw new StoreUnavailable('the blocks are in a file that cannot be opened here')
  return record
}
