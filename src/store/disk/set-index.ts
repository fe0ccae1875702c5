import { Bitmap, type BlockRange } from '../../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../../core/ids.ts'
import { segmentBlocks } from '../../core/limits.ts'
import type { HashGroup } from '../../core/merkle/group.ts'
import { segmentOf } from '../runs.ts'
import type { SetShape } from '../types.ts'
import type { Database } from './database.ts'
import { type Place, type Space, wholePages } from './space.ts'

/** A data set as the database has it. */
export interface SetRow extends SetShape {
  /** Never used twice, so that what is about a data set cannot be taken for what is about the next of that id. */
  readonly serial: number
  readonly heldCount: number
}

export interface SegmentRow extends Place {
  readonly serial: number
  readonly segment: number
  /** Which of its blocks are held, lowest bit first. */
  readonly held: Uint8Array
}

const rowColumns = 'serial, segment, slab, start, size, held'

/** Data sets, their segments and hashes as rows. Writes belong into a transaction of the caller. */
export class SetIndex {
  readonly #sql
  readonly #space: Space

  constructor(database: Database, space: Space) {
    const one = (sql: string) => database.prepare(sql)
    this.#space = space
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
      segment: one(`SELECT ${rowColumns} FROM segments WHERE serial = ? AND segment = ?`),
      segments: one(`SELECT ${rowColumns} FROM segments WHERE serial = ? AND segment BETWEEN ? AND ? ORDER BY segment`),
      addSegment: one(`INSERT INTO segments (${rowColumns}) VALUES (?, ?, ?, ?, ?, ?)`),
      hold: one('UPDATE segments SET held = ? WHERE serial = ? AND segment = ?'),
      count: one('UPDATE sets SET held_count = held_count + ? WHERE serial = ?'),
      hashes: one('SELECT leaves, path FROM hash_groups WHERE serial = ? AND hash_group = ?'),
      addHashes: one('INSERT OR IGNORE INTO hash_groups (serial, hash_group, leaves, path) VALUES (?, ?, ?, ?)'),
      dropHashes: one('DELETE FROM hash_groups WHERE serial = ? AND hash_group = ?'),
      countHashes: one('UPDATE sets SET hash_bytes = hash_bytes + ? WHERE serial = ?')
    }
  }

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
      this.#sql.count.run(bits.count - before, serial)
    }
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

export function holds({ held }: SegmentRow, index: number): boolean {
  const bit = index % segmentBlocks
  return (held[bit >> 3]! & (1 << (bit & 7))) !== 0
}
