import type { Bitmap } from '../../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../../core/ids.ts'
import type { HashGroup } from '../../core/merkle/group.ts'
import type { SetShape } from '../types.ts'
import type { Database } from './database.ts'

/** A data set as the database has it. */
export interface SetRow extends SetShape {
  /** Never used twice, so that what is about a data set cannot be taken for what is about the next of that id. */
  readonly serial: number
  readonly heldCount: number
}

/** Data sets and their hashes as rows. Writes belong into a transaction of the caller. */
export abstract class SetRows {
  readonly #sql

  constructor(database: Database) {
    const one = (sql: string) => database.prepare(sql)
    this.#sql = {
      find: one(
        `SELECT serial, block_count AS blockCount, block_bytes AS blockBytes, held_count AS heldCount
        FROM sets WHERE id = ?`
      ),
      lives: one('SELECT 1 FROM sets WHERE serial = ?'),
      add: one('INSERT INTO sets (id, block_count, block_bytes) VALUES (?, ?, ?)'),
      remove: one('DELETE FROM sets WHERE serial = ?'),
      addRemoved: one('INSERT INTO removed (serial) VALUES (?)'),
      ids: one('SELECT id FROM sets ORDER BY serial'),
      usedBytes: one('SELECT used_bytes AS usedBytes FROM totals'),
      count: one('UPDATE sets SET held_count = held_count + ? WHERE serial = ?'),
      hashes: one('SELECT leaves, path FROM hash_groups WHERE serial = ? AND hash_group = ?'),
      addHashes: one('INSERT OR IGNORE INTO hash_groups (serial, hash_group, leaves, path) VALUES (?, ?, ?, ?)'),
      dropHashes: one('DELETE FROM hash_groups WHERE serial = ? AND hash_group = ?'),
      countHashes: one('UPDATE sets SET hash_bytes = hash_bytes + ? WHERE serial = ?')
    }
  }

  /** Which blocks of it are held. */
  abstract held(known: SetRow): Bitmap

  find(set: SetId): SetRow | undefined {
    return this.#sql.find.get(set) as SetRow | undefined
  }

  lives(serial: number): boolean {
    return this.#sql.lives.get(serial) !== undefined
  }

  add(set: SetId, { blockCount, blockBytes }: SetShape): void {
    this.#sql.add.run(set, blockCount, blockBytes)
  }

  /** From now on nobody finds it; its rows and places are still there. */
  remove({ serial }: SetRow): void {
    this.#sql.remove.run(serial)
    this.#sql.addRemoved.run(serial)
  }

  ids(): SetId[] {
    return this.#sql.ids.all().map((row) => row.id as SetId)
  }

  usedBytes(): number {
    return (this.#sql.usedBytes.get() as { usedBytes: number }).usedBytes
  }

  /** So many more blocks are held, or fewer. */
  protected count(serial: number, change: number): void {
    this.#sql.count.run(change, serial)
  }

  hashes(serial: number, group: GroupIndex): HashGroup | undefined {
    const row = this.#sql.hashes.get(serial, group) as HashGroup | undefined
    return row && { leaves: row.leaves, path: row.path }
  }

  addHashes(serial: number, group: GroupIndex, { leaves, path }: HashGroup): void {
    const { changes } = this.#sql.addHashes.run(serial, group, leaves, path)
    if (changes) this.#sql.countHashes.run(leaves.length + path.length, serial)
  }

  dropHashes(serial: number, group: GroupIndex): void {
    const hashes = this.hashes(serial, group)
    if (!hashes) return
    this.#sql.dropHashes.run(serial, group)
    this.#sql.countHashes.run(-hashes.leaves.length - hashes.path.length, serial)
  }
}
