import { Bitmap, type BlockRange } from '../../core/block/bitmap.ts'
import { segmentBlocks } from '../../core/limits.ts'
import type { Database } from '../disk/database.ts'
import { type SetRow, SetRows } from '../disk/set-rows.ts'
import { segmentOf } from '../runs.ts'

/** A run of blocks within one segment, as one object. */
export interface ObjectRow {
  readonly serial: number
  readonly start: number
  readonly count: number
  /** Which of its blocks are claimed, lowest bit first; none while it is written. */
  readonly held: Uint8Array
}

/** Data sets with the objects that their blocks lie in as rows. Writes belong into a transaction of the caller. */
export class ObjectIndex extends SetRows {
  readonly #sql

  constructor(database: Database) {
    super(database)
    const one = (sql: string) => database.prepare(sql)
    const columns = 'serial, start, count, held'
    this.#sql = {
      begin: one(`INSERT OR IGNORE INTO objects (${columns}) VALUES (?, ?, ?, ?)`),
      within: one(`SELECT ${columns} FROM objects WHERE serial = ? AND start BETWEEN ? AND ? ORDER BY start`),
      one: one(`SELECT ${columns} FROM objects WHERE serial = ? AND start = ? AND count = ?`),
      hold: one('UPDATE objects SET held = ? WHERE serial = ? AND start = ? AND count = ?'),
      some: one(`SELECT ${columns} FROM objects WHERE serial = ? LIMIT ?`),
      drop: one('DELETE FROM objects WHERE serial = ? AND start = ? AND count = ?'),
      dropAllHashes: one('DELETE FROM hash_groups WHERE serial = ?'),
      removed: one('SELECT serial FROM removed'),
      forget: one('DELETE FROM removed WHERE serial = ?')
    }
  }

  held({ serial, blockCount, heldCount }: SetRow): Bitmap {
    if (heldCount === blockCount) return Bitmap.full(blockCount)
    return this.heldWithin(serial, { start: 0, count: blockCount })
  }

  /** As a bitmap of the run. */
  heldWithin(serial: number, { start, count }: BlockRange): Bitmap {
    const held = new Bitmap(count)
    for (const row of this.objects(serial, { start, count })) {
      for (let i = 0; i < row.count; i++) {
        const index = row.start + i - start
        if (index >= 0 && index < count && holds(row, row.start + i)) held.set(index)
      }
    }
    return held
  }

  /** Objects that may have blocks of a run. */
  objects(serial: number, { start, count }: BlockRange): ObjectRow[] {
    const first = segmentOf(start) * segmentBlocks
    return this.#sql.within.all(serial, first, start + count - 1) as unknown as ObjectRow[]
  }

  /** An object is about to be written. */
  begin(serial: number, { start, count }: BlockRange): void {
    this.#sql.begin.run(serial, start, count, new Uint8Array(segmentBlocks / 8))
  }

  /** The object is written: all of its blocks are claimed. */
  claim(serial: number, { start, count }: BlockRange): void {
    const before = this.heldWithin(serial, { start, count }).count
    const bits = new Bitmap(segmentBlocks)
    bits.setRange({ start: 0, count })
    this.#sql.hold.run(bits.bytes, serial, start, count)
    this.count(serial, count - before)
  }

  unclaim(serial: number, range: BlockRange): void {
    const before = this.heldWithin(serial, range).count
    for (const { start, count, held } of this.objects(serial, range)) {
      const bits = new Bitmap(segmentBlocks, held.slice())
      const first = Math.max(0, range.start - start)
      bits.clearRange({ start: first, count: Math.min(count, range.start + range.count - start) - first })
      this.#sql.hold.run(bits.bytes, serial, start, count)
    }
    this.count(serial, -before)
  }

  object(serial: number, start: number, count: number): ObjectRow | undefined {
    return this.#sql.one.get(serial, start, count) as ObjectRow | undefined
  }

  /** Data sets that were removed, whose objects are still there. */
  removed(): number[] {
    return this.#sql.removed.all().map((row) => row.serial as number)
  }

  someOf(serial: number, max: number): ObjectRow[] {
    return this.#sql.some.all(serial, max) as unknown as ObjectRow[]
  }

  drop({ serial, start, count }: ObjectRow): void {
    this.#sql.drop.run(serial, start, count)
  }

  forget(serial: number): void {
    this.#sql.dropAllHashes.run(serial)
    this.#sql.forget.run(serial)
  }
}

export function holds({ start, count, held }: ObjectRow, index: number): boolean {
  const bit = index - start
  return bit >= 0 && bit < count && (held[bit >> 3]! & (1 << (bit & 7))) !== 0
}
