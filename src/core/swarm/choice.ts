import { type GroupIndex, groupIndex } from '../ids.ts'
import {
  groupLeaves,
  horizonGroups,
  rareHoldersMax,
  segmentBlocks,
  segmentsBegunMax,
  segmentsComparedMax,
  suggestionMs
} from '../limits.ts'
import type { Holders } from './holders.ts'
import type { Leaves } from './leaves.ts'
import type { SwarmLane } from './lane.ts'
import { groupOf, type Need } from './need.ts'
import type { Readers } from './readers.ts'
import type { Session } from './session.ts'

const segmentsPerGroup = groupLeaves / segmentBlocks

/** A segment in which a session can be asked for something, and how rare its rarest block is. */
interface Found {
  readonly segment: number
  readonly from: number
  readonly rarity: number
  /** Lower is better. */
  readonly rank: number
}

/** What a choice is made from; `random` is even in [0, 1). */
export interface ChoiceParts {
  readonly need: Need
  readonly leaves: Leaves
  readonly holders: Holders
  readonly readers: Readers
  readonly random: () => number
}

/** Which blocks to ask next: what readers wait for, then the rarest, whole segments where nothing speaks against it. [SW3] */
export class Choice {
  readonly #parts: ChoiceParts
  /** Groups before it have their hashes, or nothing open. */
  #nextGroup = 0

  constructor(parts: ChoiceParts) {
    this.#parts = parts
  }

  /** Takes up to `most` blocks to ask over a lane. Asks for missing hashes on the way. */
  choose(lane: SwarmLane, most: number, everything: boolean): number[] {
    const chosen: number[] = []
    this.#readersFirst(lane, most, chosen)
    if (!everything || chosen.length === most || this.isHeldBack(lane)) return chosen
    if (lane.session!.suggests) this.#suggested(lane, most, chosen)
    else this.#onwards(lane, most, chosen)
    return chosen
  }

  /** Its session was suggested something lately, or what was suggested is on its way or still to be asked for. [SW15] */
  isGuided({ session, inFlight }: SwarmLane, nowMs: number): boolean {
    const { suggestedAtMs, suggestions } = session!
    if (nowMs < suggestedAtMs + suggestionMs || inFlight.size > 0) return true
    return suggestions.some((index) => this.#parts.need.isOpen(index))
  }

  /** A reader waits for a block that nobody was asked for. */
  get isUrgent(): boolean {
    return !this.#urgent().next().done
  }

  /** The lane is to bring the hashes of what a reader waits for: whatever else it brought would stand before that. */
  isHeldBack({ groupsAsked }: SwarmLane): boolean {
    if (groupsAsked.size === 0) return false
    for (const index of this.#urgent()) if (groupsAsked.has(groupOf(index))) return true
    return false
  }

  /** Blocks that readers wait for and nobody was asked for. */
  *#urgent(): Generator<number> {
    for (const index of this.#parts.readers.urgent()) if (this.#parts.need.isOpen(index)) yield index
  }

  /** Hashes of a group that were asked for will not come, or are needed again. */
  groupReopened(group: GroupIndex): void {
    this.#nextGroup = Math.min(this.#nextGroup, group)
  }

  #readersFirst(lane: SwarmLane, most: number, chosen: number[]): void {
    for (const { start, count } of this.#parts.readers.wishes()) {
      if (!this.#consider(lane, start, start + count, most, chosen)) return
    }
  }

  /** What a holder would rather give than anything else. */
  #suggested(lane: SwarmLane, most: number, chosen: number[]): void {
    const { suggestions } = lane.session!
    let taken = 0
    for (; taken < suggestions.length && chosen.length < most; taken++) {
      const index = suggestions[taken]!
      if (!this.#parts.leaves.ready(lane, groupOf(index))) break
      this.#consider(lane, index, index + 1, most, chosen)
    }
    suggestions.splice(0, taken)
  }

  /** Takes what may be asked from a run of blocks; returns whether more may be chosen. */
  #consider(lane: SwarmLane, start: number, end: number, most: number, chosen: number[]): boolean {
    const { need, leaves } = this.#parts
    const session = lane.session!
    for (let index = start; index < end; index++) {
      if (!session.has(index) || !need.isOpen(index)) continue
      if (!leaves.ready(lane, groupOf(index))) {
        index = (groupOf(index) + 1) * groupLeaves - 1 // nothing of this group can be checked yet
        continue
      }
      need.take(index)
      chosen.push(index)
      if (chosen.length === most) return false
    }
    return true
  }

  #onwards(lane: SwarmLane, most: number, chosen: number[]): void {
    const session = lane.session!
    const horizon = this.#horizon()
    if (horizon.length < horizonGroups) this.#askNextHashes(lane)
    while (chosen.length < most) {
      const found = session.isComplete ? this.#inHorizon(session, horizon) : this.#amongOffers(lane)
      if (!found) return
      this.#takeFrom(session, found, most, chosen)
    }
  }

  /** Groups that can be chosen from at this time. */
  #horizon(): GroupIndex[] {
    const horizon: GroupIndex[] = []
    for (const group of this.#parts.leaves.known()) {
      if (this.#parts.need.hasOpen(group) && horizon.push(group) === horizonGroups) break
    }
    return horizon
  }

  /** Hashes of the group to come, so that asking never waits for them. */
  #askNextHashes(lane: SwarmLane): void {
    const { need, leaves } = this.#parts
    const isDone = (group: GroupIndex): boolean => !need.hasOpen(group) || leaves.knows(group)
    while (this.#nextGroup < need.groupCount && isDone(groupIndex(this.#nextGroup))) this.#nextGroup++
    if (!lane.session!.isComplete || lane.groupsAsked.size > 0) return // room for what a reader may wish for
    for (let i = this.#nextGroup; i < need.groupCount; i++) {
      const group = groupIndex(i)
      if (isDone(group) || leaves.isAsked(group) || lane.session!.groupsRefused.has(group)) continue
      leaves.ready(lane, group)
      return
    }
  }

  /** The best segment to ask of one that has everything: some of those begun are compared with some of the others. */
  #inHorizon(session: Session, horizon: readonly GroupIndex[]): Found | undefined {
    const { need, leaves, random } = this.#parts
    const { begun } = need
    let best: Found | undefined
    let compared = 0
    for (let i = 0, at = from(random(), begun.length); i < begun.length; i++, at++) {
      const segment = begun[at % begun.length]!
      if (!leaves.knows(groupOf(segment * segmentBlocks))) continue
      best = this.#better(best, this.#look(session, segment))
      if (++compared === segmentsComparedMax / 2) break
    }
    const segments = horizon.length * segmentsPerGroup
    for (let i = 0, at = from(random(), segments); i < segments && compared < segmentsComparedMax; i++, at++) {
      const place = at % segments
      const segment = horizon[Math.floor(place / segmentsPerGroup)]! * segmentsPerGroup + (place % segmentsPerGroup)
      if (segment * segmentBlocks >= need.size || need.openIn(segment) === 0 || need.isBegun(segment)) continue
      best = this.#better(best, this.#look(session, segment))
      compared++
    }
    return best
  }

  /** The best segment to ask of one that has a part: some of those in which it offers something that is open. */
  #amongOffers(lane: SwarmLane): Found | undefined {
    const { leaves, random } = this.#parts
    const session = lane.session!
    const { offers } = session
    let best: Found | undefined
    let unready: GroupIndex | undefined
    let compared = 0
    for (let i = 0, at = from(random(), offers.length); i < offers.length && compared < segmentsComparedMax;) {
      const place = at % offers.length
      const segment = offers[place]!
      const group = groupOf(segment * segmentBlocks)
      if (leaves.knows(group)) {
        const found = this.#look(session, segment)
        if (!found) {
          session.withdrawOffer(place)
          continue
        }
        best = this.#better(best, found)
        compared++
      } else if (this.#parts.need.openIn(segment) > 0) unready ??= group
      i++
      at++
    }
    if (compared < segmentsComparedMax && unready !== undefined) leaves.ready(lane, unready)
    return best
  }

  #better(one: Found | undefined, other: Found | undefined): Found | undefined {
    if (!one || !other) return one ?? other
    return other.rank < one.rank ? other : one
  }

  /** What a session has to offer of a segment. */
  #look(session: Session, segment: number): Found | undefined {
    const { need, holders } = this.#parts
    const start = segment * segmentBlocks
    const end = start + need.blocksIn(segment)
    let rarity = rareHoldersMax + 1
    let rarest = -1
    for (let index = start; index < end && rarity > 0; index++) {
      if (!need.isOpen(index) || !session.has(index)) continue
      const among = Math.min(holders.among(index), rareHoldersMax)
      if (among >= rarity) continue
      rarity = among
      rarest = index
    }
    if (rarest < 0) return undefined
    const isFresh = !need.isBegun(segment)
    const mustFill = need.begun.length >= segmentsBegunMax
    // Among begun ones the nearest to whole: what is not whole is lost by a crash.
    const order = isFresh ? 1 : need.openIn(segment) / (segmentBlocks + 1)
    const rank = 2 * rarity + order + (mustFill && isFresh ? 2 * rareHoldersMax + 2 : 0)
    return { segment, from: rarest, rarity, rank }
  }

  /** Takes the rarest blocks of a segment, on from the first of them, round to there again. */
  #takeFrom(session: Session, found: Found, most: number, chosen: number[]): void {
    const { need, holders } = this.#parts
    const start = found.segment * segmentBlocks
    const count = need.blocksIn(found.segment)
    for (let i = 0; i < count && chosen.length < most; i++) {
      const index = start + ((found.from - start + i) % count)
      const isRare = Math.min(holders.among(index), rareHoldersMax) <= found.rarity
      if (!isRare || !need.isOpen(index) || !session.has(index)) continue
      need.take(index)
      chosen.push(index)
    }
  }
}

const from = (random: number, count: number): number => Math.floor(random * count)
