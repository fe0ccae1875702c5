import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { type GroupIndex, groupIndex } from '../ids.ts'
import { groupLeaves, segmentBlocks } from '../limits.ts'
import { groupCountOf, leavesInGroup } from '../merkle/group.ts'

export const groupOf = (index: number): GroupIndex => groupIndex(Math.floor(index / groupLeaves))
export const segmentOf = (index: number): number => Math.floor(index / segmentBlocks)

/**
 * Which blocks are still to be asked for. Counts them by segment and by group, so that what is all here is passed
 * over at once, and knows the segments that were begun, so that they are filled first.
 */
export class Need {
  readonly #held: Bitmap
  /** Asked for, or here and not yet durable. */
  readonly #taken: Bitmap
  readonly #openInSegment: Uint8Array
  readonly #openInGroup: Uint16Array
  readonly #unheldInGroup: Uint16Array
  /** Segments of which something is taken or held and something open, in no order. */
  readonly begun: number[] = []
  /** Where a segment stands in `begun`, counted from 1; 0: nowhere. */
  readonly #placeInBegun: Int32Array
  #openBlocks: number

  constructor(held: Bitmap) {
    const { size } = held
    this.#held = held
    this.#taken = new Bitmap(size)
    this.#openBlocks = size
    const segments = Math.ceil(size / segmentBlocks)
    this.#openInSegment = new Uint8Array(segments)
    this.#placeInBegun = new Int32Array(segments)
    for (let segment = 0; segment < segments; segment++) this.#openInSegment[segment] = this.blocksIn(segment)
    this.#openInGroup = new Uint16Array(groupCountOf(size))
    this.#openInGroup.forEach((_, group) => (this.#openInGroup[group] = leavesInGroup(size, groupIndex(group))))
    this.#unheldInGroup = this.#openInGroup.slice()
    for (const range of held.ranges()) this.#settle(range)
  }

  get size(): number {
    return this.#held.size
  }

  get groupCount(): number {
    return this.#openInGroup.length
  }

  get takenBlocks(): number {
    return this.#taken.count
  }

  get openBlocks(): number {
    return this.#openBlocks
  }

  /** Blocks of a segment; the last one may be short. */
  blocksIn(segment: number): number {
    return Math.min(segmentBlocks, this.size - segment * segmentBlocks)
  }

  isOpen(index: number): boolean {
    return !this.#held.has(index) && !this.#taken.has(index)
  }

  isTaken(index: number): boolean {
    return this.#taken.has(index)
  }

  openIn(segment: number): number {
    return this.#openInSegment[segment]!
  }

  isBegun(segment: number): boolean {
    return this.#placeInBegun[segment]! > 0
  }

  hasOpen(group: GroupIndex): boolean {
    return this.#openInGroup[group]! > 0
  }

  /** No block of the group will be asked for or checked any more. */
  isSettled(group: GroupIndex): boolean {
    return this.#unheldInGroup[group] === 0
  }

  take(index: number): void {
    if (this.#taken.set(index)) this.#count(index, -1)
  }

  /** It did not come, or was not what it must be. */
  giveBack(index: number): void {
    if (this.#taken.clear(index)) this.#count(index, 1)
  }

  /** It is durable. */
  keep(index: number): void {
    if (this.#held.has(index)) return
    if (!this.#taken.clear(index)) this.#count(index, -1)
    this.#held.set(index)
    this.#unheldInGroup[groupOf(index)]!--
  }

  /** It is no longer here. */
  lose(index: number): boolean {
    if (!this.#held.clear(index)) return false
    this.#unheldInGroup[groupOf(index)]!++
    this.#count(index, 1)
    return true
  }

  #count(index: number, change: 1 | -1): void {
    const segment = segmentOf(index)
    this.#openBlocks += change
    this.#openInGroup[groupOf(index)]! += change
    this.#openInSegment[segment]! += change
    this.#place(segment)
  }

  /** Keeps `begun` true for a segment whose count changed. */
  #place(segment: number): void {
    const open = this.#openInSegment[segment]!
    const place = this.#placeInBegun[segment]!
    const belongs = open > 0 && open < this.blocksIn(segment)
    if (belongs === place > 0) return
    if (belongs) {
      this.#placeInBegun[segment] = this.begun.push(segment)
      return
    }
    const last = this.begun.pop()!
    this.#placeInBegun[segment] = 0
    if (last === segment) return
    this.begun[place - 1] = last
    this.#placeInBegun[last] = place
  }

  #settle({ start, count }: BlockRange): void {
    for (let index = start; index < start + count;) {
      const segment = segmentOf(index)
      const until = Math.min(start + count, (segment + 1) * segmentBlocks)
      const settled = until - index
      this.#openBlocks -= settled
      this.#openInSegment[segment]! -= settled
      this.#openInGroup[groupOf(index)]! -= settled
      this.#unheldInGroup[groupOf(index)]! -= settled
      this.#place(segment)
      index = until
    }
  }
}
