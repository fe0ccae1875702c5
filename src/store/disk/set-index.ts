import { Bitmap, type BlockRange } from '../../core/block/bitmap.ts'
import { segmentBlocks } from '../../core/limits.ts'
import { segmentOf } from '../runs.ts'
import type { Database } from './database.ts'
import { type SetRow, SetRows } from './set-rows.ts'
import { type Place, type Space, wholePages } from './space.ts'

export interface SegmentRow extends Place {
  readonly serial: number
  readonly segment: number
  /** Which of its blocks are held, lowest bit first. */
  readonly held: Uint8Array
}

const rowColumns = 'serial, segment, slab, start, size, held'

/** Data sets with the places of their segments as rows. Writes belong into a transaction of the caller. */
export class SetIndex extends SetRows {
  readonly #sql
  readonly #space: Space

  constructor(database: Database, space: Space) {
    super(database)
    const one = (sql: string) => database.prepare(sql)
    this.#space = space
    this.#sql = {
      segment: one(`SELECT ${rowColumns} FROM segments WHERE serial = ? AND segment = ?`),
      segments: one(`SELECT ${rowColumns} FROM segments WHERE serial = ? AND segment BETWEEN ? AND ? ORDER BY segment`),
      addSegment: one(`INSERT INTO segments (${rowColumns}) VALUES (?, ?, ?, ?, ?, ?)`),
      hold: one('UPDATE segments SET held = ? WHERE serial = ? AND segment = ?')
    }
  }

  held({ serial, blockCount, heldCount }: SetRow): Bitmap {
    if (heldCount === blockCount) return Bitmap.full(blockCount)
    const bytes = new Uint8Array(Math.ceil(blockCount / 8))
    for (const row of this.#sql.segments.iterate(serial, 0, segmentOf(blockCount))) {
      const { segment, held } = row as unknown as SegmentRow
      const at = (segment * segmentBlocks) / 8
      bytes.set(held.subarray(0, bytes.length - at), at)
    }
    return new Bitmap(blockCount, bytes)
  }

  segment(serial: number, segment: number): SegmentRow | undefined {
    return this.#sql.segment.get(serial, segment) as SegmentRow | undefined
  }

  /** The segments of a run that have a place, in order. */
  segments(serial: number, { start, count }: BlockRange): SegmentRow[] {
    if (count === 0) return []
    return this.#sql.segments.all(serial, segmentOf(start), segmentOf(start + count - 1)) as unknown as SegmentRow[]
  }

  /** The segment with a place; it takes one for all of its blocks when it has none yet. */
  placed({ serial, blockCount, blockBytes }: SetRow, segment: number): SegmentRow {
    const known = this.segment(serial, segment)
    if (known) return known
    const blocks = Math.min(segmentBlocks, blockCount - segment * segmentBlocks)
    const place = this.#space.take(wholePages(blocks * blockBytes))
    const held = new Uint8Array(segmentBlocks / 8)
    this.#sql.addSegment.run(serial, segment, place.slab, place.start, place.size, held)
    return { ...place, serial, segment, held }
  }

  /** Claims the blocks of a run. */
  mark(serial: number, range: BlockRange): void {
    this.#change(serial, range, (bits, part) => bits.setRange(part))
  }

  /** Takes the claim back. */
  unmark(serial: number, range: BlockRange): void {
    this.#change(serial, range, (bits, part) => bits.clearRange(part))
  }

  #change(serial: number, range: BlockRange, work: (bits: Bitmap, part: BlockRange) => void): void {
    for (const { segment, held } of this.segments(serial, range)) {
      const bits = new Bitmap(segmentBlocks, held.slice())
      const before = bits.count
      const first = Math.max(range.start - segment * segmentBlocks, 0)
      const end = Math.min(range.start + range.count - segment * segmentBlocks, segmentBlocks)
      work(bits, { start: first, count: end - first })
      if (bits.count === before) continue
      this.#sql.hold.run(bits.bytes, serial, segment)
      this.count(serial, bits.count - before)
    }
  }
}

export function holds({ held }: SegmentRow, index: number): boolean {
  const bit = index % segmentBlocks
  return (held[bit >> 3]! & (1 << (bit & 7))) !== 0
}
