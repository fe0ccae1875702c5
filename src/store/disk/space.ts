import { pageBytes, slabBytes } from '../../core/limits.ts'
import type { Database } from './database.ts'

/** Bytes in a slab file. */
export interface Place {
  readonly slab: number
  readonly start: number
  readonly size: number
}

interface Slab {
  readonly slab: number
  readonly usedEnd: number
}

/** Whole pages, so that a page torn by a power cut never has bytes of two segments. */
export const wholePages = (sizeBytes: number): number => Math.ceil(sizeBytes / pageBytes) * pageBytes

/** Who may write where in the slab files. Gaps are rows of the database: nothing of them is held in memory. */
export class Space {
  readonly #sql

  constructor(database: Database) {
    const one = (sql: string) => database.prepare(sql)
    this.#sql = {
      fitting: one('SELECT slab, start, size FROM free WHERE size >= ? ORDER BY size, slab, start LIMIT 1'),
      fittingBelow: one(
        'SELECT slab, start, size FROM free WHERE size >= ? AND (slab, start) < (?, ?) ORDER BY slab, start LIMIT 1'
      ),
      before: one('SELECT slab, start, size FROM free WHERE slab = ? AND start < ? ORDER BY start DESC LIMIT 1'),
      after: one('SELECT slab, start, size FROM free WHERE slab = ? AND start = ?'),
      addFree: one('INSERT INTO free (slab, start, size) VALUES (?, ?, ?)'),
      dropFree: one('DELETE FROM free WHERE slab = ? AND start = ?'),
      slabWithRoom: one('SELECT slab, used_end AS usedEnd FROM slabs WHERE used_end <= ? ORDER BY slab LIMIT 1'),
      slab: one('SELECT slab, used_end AS usedEnd FROM slabs WHERE slab = ?'),
      addSlab: one('INSERT INTO slabs (used_end) VALUES (?)'),
      setEnd: one('UPDATE slabs SET used_end = ? WHERE slab = ?'),
      sizes: one(
        `SELECT (SELECT COALESCE(SUM(used_end), 0) FROM slabs) AS totalBytes,
          (SELECT COALESCE(SUM(size), 0) FROM free) AS freeBytes`
      )
    }
  }

  /** Takes room within a transaction: the smallest gap that fits, else the end of a slab, else a new slab. */
  take(size: number): Place {
    const gap = this.#sql.fitting.get(size) as Place | undefined
    if (gap) return this.#takeFrom(gap, size)
    const room = this.#sql.slabWithRoom.get(slabBytes - size) as Slab | undefined
    if (!room) return { slab: Number(this.#sql.addSlab.run(size).lastInsertRowid), start: 0, size }
    this.#sql.setEnd.run(room.usedEnd + size, room.slab)
    return { slab: room.slab, start: room.usedEnd, size }
  }

  /** Takes a gap that lies before a place; undefined where none fits. */
  takeBelow({ slab, start, size }: Place): Place | undefined {
    const gap = this.#sql.fittingBelow.get(size, slab, start) as Place | undefined
    return gap && this.#takeFrom(gap, size)
  }

  /** Gives room back within a transaction. Returns the end of the slab where it is nearer than before. */
  give({ slab, start, size }: Place): number | undefined {
    let [first, end] = [start, start + size]
    const before = this.#sql.before.get(slab, start) as Place | undefined
    if (before && before.start + before.size === start) {
      this.#sql.dropFree.run(slab, before.start)
      first = before.start
    }
    const after = this.#sql.after.get(slab, end) as Place | undefined
    if (after) {
      this.#sql.dropFree.run(slab, end)
      end += after.size
    }
    const { usedEnd } = this.#sql.slab.get(slab) as unknown as Slab
    if (end < usedEnd) {
      this.#sql.addFree.run(slab, first, end - first)
      return undefined
    }
    this.#sql.setEnd.run(first, slab)
    return first
  }

  /** Bytes of the slabs up to their ends, and those of the gaps within. */
  sizes(): { readonly totalBytes: number; readonly freeBytes: number } {
    return this.#sql.sizes.get() as unknown as { totalBytes: number; freeBytes: number }
  }

  #takeFrom(gap: Place, size: number): Place {
    this.#sql.dropFree.run(gap.slab, gap.start)
    if (gap.size > size) this.#sql.addFree.run(gap.slab, gap.start + size, gap.size - size)
    return { slab: gap.slab, start: gap.start, size }
  }
}
