import { Bitmap } from '../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import { heldPageBlocks } from '../core/limits.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import { checkGroup, checkHashes, checkSameShape, checkSetId, checkShape } from './check.ts'
import type { BlockHome, Database, SetRecord, Transaction } from './database.ts'
import { UnknownSet } from './errors.ts'
import type { PlacedBlock, SetShape } from './types.ts'

const pageBytes = heldPageBlocks / 8

/** Everything that the browser's database knows of a set: its row, and rows of other tables under its serial. */
export const rowsOf = (serial: number): IDBKeyRange => IDBKeyRange.bound([serial], [serial, []])

/** What both stores of a browser have in common: shapes, bitmaps and hashes, all in the database. */
export class SetTables {
  readonly database: Database

  constructor(database: Database) {
    this.database = database
  }

  async create(set: SetId, shape: SetShape, home: BlockHome): Promise<void> {
    checkSetId(set)
    checkShape(shape)
    await this.database.write(['sets'], async (tx) => {
      const sets = tx.objectStore('sets')
      const known = await sets.index('set').get(set)
      if (known) return checkSameShape(known, shape)
      const { blockCount, blockBytes } = shape
      // The serial is left to the key generator.
      const fresh: Omit<SetRecord, 'serial'> = { set, blockCount, blockBytes, home, heldBlocks: 0, hashesBytes: 0 }
      await sets.add(fresh as SetRecord)
    })
  }

  find(set: SetId): Promise<SetRecord | undefined> {
    return this.database.read(['sets'], (tx) => tx.objectStore('sets').index('set').get(set))
  }

  /** @throws UnknownSet */
  async known(set: SetId): Promise<SetRecord> {
    return (await this.find(set)) ?? unknown(set)
  }

  async held(set: SetId): Promise<Bitmap | undefined> {
    return this.database.read(['sets', 'held'], async (tx) => {
      const record = await tx.objectStore('sets').index('set').get(set)
      if (!record) return undefined
      const bytes = new Uint8Array(Math.ceil(record.blockCount / 8))
      const [pages, keys] = await Promise.all([
        tx.objectStore('held').getAll(rowsOf(record.serial)),
        tx.objectStore('held').getAllKeys(rowsOf(record.serial))
      ])
      keys.forEach(([, page], i) => bytes.set(pages[i]!, page * pageBytes))
      return new Bitmap(record.blockCount, bytes)
    })
  }

  async putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    await this.database.write(['sets', 'hashes'], async (tx) => {
      const record = await knownIn(tx, set)
      for (const { group, hashes } of groups) checkHashes(record, group, hashes)
      const table = tx.objectStore('hashes')
      let addedBytes = 0
      for (const { group, hashes } of groups) {
        if ((await table.count([record.serial, group])) > 0) continue
        // Copies: storing a view stores the whole buffer behind it.
        const leaves = new Uint8Array(hashes.leaves)
        const path = new Uint8Array(hashes.path)
        await table.put({ leaves, path }, [record.serial, group])
        addedBytes += leaves.length + path.length
      }
      await tx.objectStore('sets').put({ ...record, hashesBytes: record.hashesBytes + addedBytes })
    })
  }

  async readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.database.read(['sets', 'hashes'], async (tx) => {
      const record = await knownIn(tx, set)
      checkGroup(record, group)
      return tx.objectStore('hashes').get([record.serial, group])
    })
  }

  /** Returns what was removed, so that a file that goes with it can be removed too. */
  async remove(set: SetId): Promise<SetRecord | undefined> {
    return this.database.write(['sets', 'held', 'blocks', 'hashes'], async (tx) => {
      const record = await tx.objectStore('sets').index('set').get(set)
      if (!record) return undefined
      await Promise.all([
        tx.objectStore('sets').delete(record.serial),
        tx.objectStore('held').delete(rowsOf(record.serial)),
        tx.objectStore('blocks').delete(rowsOf(record.serial)),
        tx.objectStore('hashes').delete(rowsOf(record.serial))
      ])
      return record
    })
  }

  all(): Promise<SetRecord[]> {
    return this.database.read(['sets'], (tx) => tx.objectStore('sets').getAll())
  }

  async usedBytes(): Promise<number> {
    const bytesOf = ({ heldBlocks, blockBytes, hashesBytes }: SetRecord) => heldBlocks * blockBytes + hashesBytes
    return (await this.all()).reduce((sum, record) => sum + bytesOf(record), 0)
  }
}

/** @throws UnknownSet */
export async function knownIn(tx: Transaction<'readonly' | 'readwrite'>, set: SetId): Promise<SetRecord> {
  return (await tx.objectStore('sets').index('set').get(set)) ?? unknown(set)
}

/**
 * Marks blocks as held, by reading and writing bitmap pages within the transaction, so that two tabs never undo each
 * other's marks. Returns those that were not held before. All is asked at once: each answer costs a trip to another
 * process. [ST1] [ST7]
 * @throws UnknownSet when the data set was removed meanwhile
 */
export async function claim<B extends Pick<PlacedBlock, 'index'>>(
  tx: Transaction<'readwrite'>,
  { serial, set, blockCount }: SetRecord,
  blocks: readonly B[]
): Promise<B[]> {
  const table = tx.objectStore('held')
  const byPage = [...Map.groupBy(blocks, ({ index }) => Math.floor(index / heldPageBlocks))]
  const [record, ...pages] = await Promise.all([
    tx.objectStore('sets').get(serial),
    ...byPage.map(([page]) => table.get([serial, page]))
  ])
  if (!record) return unknown(set as SetId)
  const fresh: B[] = []
  const writes: Promise<unknown>[] = []
  byPage.forEach(([page, members], i) => {
    const bytes = pages[i] ?? new Uint8Array(pageSize(blockCount, page))
    const marks = new Bitmap(bytes.length * 8, bytes)
    const added = members.filter(({ index }) => marks.set(index % heldPageBlocks))
    if (added.length > 0) writes.push(table.put(bytes, [serial, page]))
    fresh.push(...added)
  })
  if (fresh.length > 0) {
    writes.push(tx.objectStore('sets').put({ ...record, heldBlocks: record.heldBlocks + fresh.length }))
  }
  await Promise.all(writes)
  return fresh
}

const pageSize = (blockCount: number, page: number): number =>
  Math.min(pageBytes, Math.ceil(blockCount / 8) - page * pageBytes)

function unknown(set: SetId): never {
  throw new UnknownSet(set)
}
