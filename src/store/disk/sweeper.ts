import { setImmediate as nextTurn } from 'node:timers/promises'
import { compactBytesMin, compactMissesMax, compactShare, slabBytes, sweepRows } from '../../core/limits.ts'
import type { Database } from './database.ts'
import type { Gate } from './gate.ts'
import type { SegmentRow } from './set-index.ts'
import type { Slabs } from './slabs.ts'
import type { Place, Space } from './space.ts'

interface SweeperOptions {
  readonly database: Database
  readonly slabs: Slabs
  readonly space: Space
  readonly gate: Gate
}

/**
 * Gives back what removed data sets took: their places become gaps for others, the ends of slab files are cut off, and
 * while more than a share of the slabs is gaps, the hindmost segment moves into a gap further in front. [ST20]
 */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #sql
  /** Puts under way by data set: a segment that is written does not move. */
  readonly #writing = new Map<number, number>()
  /** Data sets of which a put began since the last move began. */
  readonly #touched = new Set<number>()
  #sweeping: Promise<void> | undefined
  #isAskedAgain = false
  #stopped = false

  constructor(options: SweeperOptions) {
    this.#options = options
    const one = (sql: string) => options.database.prepare(sql)
    this.#sql = {
      removed: one('SELECT serial FROM removed LIMIT 1'),
      forget: one('DELETE FROM removed WHERE serial = ?'),
      segmentsOf: one('SELECT segment, slab, start, size FROM segments WHERE serial = ? LIMIT ?'),
      dropSegment: one('DELETE FROM segments WHERE serial = ? AND segment = ?'),
      dropHashes: one(
        'DELETE FROM hash_groups WHERE rowid IN (SELECT rowid FROM hash_groups WHERE serial = ? LIMIT ?)'
      ),
      leaving: one('SELECT slab, start, size FROM leaving'),
      leave: one('INSERT INTO leaving (slab, start, size) VALUES (?, ?, ?)'),
      stay: one('DELETE FROM leaving WHERE slab = ? AND start = ?'),
      hindmost: one(
        `SELECT serial, segment, slab, start, size, held FROM segments
        WHERE (slab, start) < (?, ?) ORDER BY slab DESC, start DESC LIMIT 1`
      ),
      move: one('UPDATE segments SET slab = ?, start = ? WHERE serial = ? AND segment = ?'),
      vacuum: one(`PRAGMA incremental_vacuum(${sweepRows})`)
    }
  }

  /** Begins, or goes over it again when it is under way. */
  sweep(): void {
    this.#isAskedAgain = true
    // A disk that fails now is found out by the next put; the rows stay, so the next opening goes on.
    this.#sweeping ??= this.#run()
      .catch(() => undefined)
      .finally(() => (this.#sweeping = undefined))
  }

  async idle(): Promise<void> {
    while (this.#sweeping) await this.#sweeping
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.idle()
  }

  async whileWriting<T>(serial: number, work: () => Promise<T>): Promise<T> {
    this.#writing.set(serial, (this.#writing.get(serial) ?? 0) + 1)
    this.#touched.add(serial)
    try {
      return await work()
    } finally {
      const left = this.#writing.get(serial)! - 1
      if (left === 0) this.#writing.delete(serial)
      else this.#writing.set(serial, left)
    }
  }

  async #run(): Promise<void> {
    while (this.#isAskedAgain && !this.#stopped) {
      this.#isAskedAgain = false
      for (let row = this.#sql.removed.get(); row && !this.#stopped; row = this.#sql.removed.get()) {
        await this.#clear(row.serial as number)
      }
      await this.#free()
      if (!this.#stopped) await this.#compact()
      this.#sql.vacuum.all()
    }
  }

  /** A part at a time: a data set of a terabyte has a quarter of a million segments. */
  async #clear(serial: number): Promise<void> {
    await this.#unused()
    while (!this.#stopped) {
      const rows = this.#sql.segmentsOf.all(serial, sweepRows) as unknown as SegmentRow[]
      const { changes: hashRows } = this.#give(rows, () => {
        for (const { segment } of rows) this.#sql.dropSegment.run(serial, segment)
        return this.#sql.dropHashes.run(serial, sweepRows)
      })
      if (rows.length === 0 && hashRows === 0) return void this.#sql.forget.run(serial)
      await nextTurn()
    }
  }

  async #free(): Promise<void> {
    const leaving = this.#sql.leaving.all() as unknown as Place[]
    if (leaving.length === 0) return
    await this.#unused()
    this.#give(leaving, () => {
      for (const { slab, start } of leaving) this.#sql.stay.run(slab, start)
    })
  }

  /** Moves from behind until the gaps are few, or several in a row find no gap that they fit in. */
  async #compact(): Promise<void> {
    const { database, space } = this.#options
    let [slab, start] = [Number.MAX_SAFE_INTEGER, slabBytes]
    for (let misses = 0; misses < compactMissesMax && !this.#stopped && !this.#isAskedAgain;) {
      const { totalBytes, freeBytes } = space.sizes()
      if (freeBytes <= Math.max(compactBytesMin, totalBytes * compactShare)) return
      const from = this.#sql.hindmost.get(slab, start) as SegmentRow | undefined
      if (!from) return
      ;[slab, start] = [from.slab, from.start]
      const to = database.transaction(() => {
        const place = space.takeBelow(from)
        if (place) this.#sql.leave.run(place.slab, place.start, place.size)
        return place
      })
      if (to) await this.#move(from, to)
      misses = to ? 0 : misses + 1
    }
  }

  /** Unless the segment is written meanwhile, or its data set goes. */
  async #move(from: SegmentRow, to: Place): Promise<void> {
    const { database, slabs, gate } = this.#options
    this.#touched.clear()
    const bytes = new Uint8Array(from.size)
    // A file that ends early has no claimed blocks there.
    await gate.during(() => slabs.read(from.slab, from.start, bytes))
    await slabs.write(to.slab, to.start, bytes)
    await slabs.flush(to.slab)
    database.transaction(() => {
      if (this.#writing.has(from.serial) || this.#touched.has(from.serial)) return
      const { changes } = this.#sql.move.run(to.slab, to.start, from.serial, from.segment)
      if (!changes) return
      this.#sql.stay.run(to.slab, to.start)
      this.#sql.leave.run(from.slab, from.start, from.size)
    })
    await this.#free()
  }

  /** Nothing refers to what left the database before this call: neither a reader nor the disk after a power cut. */
  async #unused(): Promise<void> {
    await this.#options.database.durable()
    await this.#options.gate.drained()
  }

  #give<T>(places: readonly Place[], forget: () => T): T {
    const { database, slabs, space } = this.#options
    const ends = new Map<number, number>()
    const result = database.transaction(() => {
      for (const place of places) {
        const end = space.give(place)
        if (end !== undefined) ends.set(place.slab, end)
      }
      return forget()
    })
    // In the same turn, before anyone can take and write what lies behind the end.
    for (const [slab, end] of ends) slabs.cut(slab, end)
    return result
  }
}
