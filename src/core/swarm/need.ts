import type { Bitmap, BlockRange } from '../block/bitmap.ts'
import { type GroupIndex, groupIndex } from '../ids.ts'
import { groupLeaves } from '../limits.ts'
import { groupCountOf, leavesInGroup } from '../merkle/group.ts'

export const groupOf = (index: number): GroupIndex => groupIndex(Math.floor(index / groupLeaves))

/** Which blocks are still to be asked for. Counts them by group, so that what is all here is passed over at once. */
export class Need {
  readonly #held: Bitmap
  /** Asked for, or here and not yet durable. */
  readonly #taken = new Set<number>()
  readonly #openInGroup: Uint16Array

  constructor(held: Bitmap) {
    this.#held = held
    this.#openInGroup = new Uint16Array(groupCountOf(held.size))
    this.#openInGroup.forEach((_, group) => (this.#openInGroup[group] = leavesInGroup(held.size, groupIndex(group))))
    for (const range of held.ranges()) this.#settle(range)
  }

  get groupCount(): number {
    return this.#openInGroup.length
  }

  get takenBlocks(): number {
    return this.#taken.size
  }

  isOpen(index: number): boolean {
    return !this.#held.has(index) && !this.#taken.has(index)
  }

  hasOpen(group: GroupIndex): boolean {
    return this.#openInGroup[group]! > 0
  }

  /** No block of the group will be asked for or checked any more. */
  isSettled(group: GroupIndex): boolean {
    const start = group * groupLeaves
    return this.#held.hasRange({ start, count: leavesInGroup(this.#held.size, group) })
  }

  take(index: number): void {
    this.#taken.add(index)
    this.#openInGroup[groupOf(index)]!--
  }

  /** It did not come, or was not what it must be. */
  giveBack(index: number): void {
    if (this.#taken.delete(index)) this.#openInGroup[groupOf(index)]!++
  }

  /** It is durable. */
  keep(index: number): void {
    if (!this.#taken.delete(index) && !this.#held.has(index)) this.#openInGroup[groupOf(index)]!--
    this.#held.set(index)
  }

  /** It is no longer here. */
  lose(index: number): boolean {
    if (!this.#held.clear(index)) return false
    this.#openInGroup[groupOf(index)]!++
    return true
  }

  #settle({ start, count }: BlockRange): void {
    for (let index = start; index < start + count;) {
      const group = groupOf(index)
      const until = Math.min(start + count, (group + 1) * groupLeaves)
      this.#openInGroup[group]! -= until - index
      index = until
    }
  }
}
