import type { BlockRange } from '../block/bitmap.ts'
import { groupIndex } from '../ids.ts'
import { groupLeaves, segmentBlocks, urgentBlocks } from '../limits.ts'
import { leavesInGroup } from '../merkle/group.ts'
import type { Leaves } from './leaves.ts'
import type { SwarmLane } from './lane.ts'
import { groupOf, type Need } from './need.ts'
import { isWithin } from './runs.ts'
import type { Session } from './session.ts'

/** Which blocks to ask next: what readers wait for, then everything, segment after segment. [SW3] */
export class Choice {
  readonly #need: Need
  readonly #leaves: Leaves
  readonly #readers: ReadonlyMap<number, readonly BlockRange[]>

  constructor(need: Need, leaves: Leaves, readers: ReadonlyMap<number, readonly BlockRange[]>) {
    this.#need = need
    this.#leaves = leaves
    this.#readers = readers
  }

  /** Up to `most` blocks to ask over a lane, none of them asked already. Asks for missing hashes on the way. */
  choose(lane: SwarmLane, most: number, everything: boolean): Set<number> {
    const chosen = new Set<number>()
    this.#readersFirst(lane, most, chosen)
    if (everything && chosen.size < most) this.#onwards(lane, most, chosen)
    return chosen
  }

  isWished(index: number): boolean {
    for (const ranges of this.#readers.values()) if (isWithin(index, ranges)) return true
    return false
  }

  /** A reader waits for a block that nobody was asked for. */
  get isUrgent(): boolean {
    for (const ranges of this.#readers.values()) {
      let ahead = 0
      for (const { start, count } of ranges) {
        for (let index = start; index < start + count; index++) {
          if (ahead++ === urgentBlocks) break
          if (this.#need.isOpen(index)) return true
        }
      }
    }
    return false
  }

  #readersFirst(lane: SwarmLane, most: number, chosen: Set<number>): void {
    for (const ranges of this.#readers.values()) {
      for (const { start, count } of ranges) {
        if (!this.#consider(lane, start, start + count, most, chosen)) return
      }
    }
  }

  /** On from where the session left off, round to there again; groups that are all here cost nothing. */
  #onwards(lane: SwarmLane, most: number, chosen: Set<number>): void {
    const session = lane.session!
    const { groupCount } = this.#need
    const first = groupOf(session.cursor)
    for (let step = 0; step <= groupCount; step++) {
      const group = groupIndex((first + step) % groupCount)
      if (!this.#need.hasOpen(group)) continue
      const start = step === 0 ? session.cursor : group * groupLeaves
      const end = (group + 1) * groupLeaves
      const more = this.#consider(lane, start, end, most, chosen)
      if (more) continue
      this.#nextHashes(lane, group)
      return
    }
  }

  /** Hashes of the group to come, so that asking never waits for them. */
  #nextHashes(lane: SwarmLane, group: number): void {
    const next = groupIndex((group + 1) % this.#need.groupCount)
    if (this.#need.hasOpen(next) && holdsSome(lane.session!, next)) this.#leaves.ready(lane, next)
  }

  /** Takes what may be asked from a run of blocks; returns whether more may be chosen. */
  #consider(lane: SwarmLane, start: number, end: number, most: number, chosen: Set<number>): boolean {
    const session = lane.session!
    for (let index = start; index < end; index++) {
      if (!session.has(index) || !this.#need.isOpen(index) || chosen.has(index)) continue
      if (!this.#leaves.ready(lane, groupOf(index))) {
        index = (groupOf(index) + 1) * groupLeaves - 1 // nothing of this group can be checked yet
        continue
      }
      chosen.add(index)
      session.cursor = index
      if (chosen.size === most) return false
    }
    return true
  }
}

/** Sessions that join while others fetch begin elsewhere, at the start of a segment, so that they meet less. */
export const someSegment = (blockCount: number, random: number): number =>
  Math.floor((random * blockCount) / segmentBlocks) * segmentBlocks

function holdsSome(session: Session, group: number): boolean {
  const { holdings } = session
  if (!holdings) return false
  const start = group * groupLeaves
  const count = leavesInGroup(holdings.size, groupIndex(group))
  for (let index = start; index < start + count; index++) if (holdings.has(index)) return true
  return false
}
