import { bytesEqual } from '../bytes.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { RefuseCode } from '../exchange/types.ts'
import type { GroupIndex } from '../ids.ts'
import { groupLeaves, groupsAheadMax } from '../limits.ts'
import { type HashGroup, verifyGroup } from '../merkle/group.ts'
import { hashAt } from '../merkle/node.ts'
import type { SwarmLane } from './lane.ts'
import { groupOf } from './need.ts'
import type { SwarmState } from './state.ts'

/** Leaf hashes: those verified and still of use, and those asked for. Owns the lanes' `groupsAsked`. [SW2] */
export class Leaves {
  readonly #state: SwarmState
  /** In the order in which they came. */
  readonly #known = new Map<GroupIndex, Uint8Array>()
  /** Whom each was asked of last. */
  readonly #asked = new Map<GroupIndex, SwarmLane>()

  constructor(state: SwarmState) {
    this.#state = state
  }

  know(group: GroupIndex, leaves: Uint8Array): void {
    this.#known.set(group, leaves)
  }

  knows(group: GroupIndex): boolean {
    return this.#known.has(group)
  }

  isAsked(group: GroupIndex): boolean {
    return this.#asked.has(group)
  }

  known(): IterableIterator<GroupIndex> {
    return this.#known.keys()
  }

  /** Every block of the group is here: 16 KiB that nobody needs again. */
  forget(group: GroupIndex): void {
    this.#known.delete(group)
  }

  matches(index: number, digest: Uint8Array): boolean {
    const leaves = this.#known.get(groupOf(index))
    return leaves !== undefined && bytesEqual(digest, hashAt(leaves, index % groupLeaves))
  }

  /** Whether blocks of the group can be checked when they come; asks for its hashes if not, as far as may be asked. */
  ready(lane: SwarmLane, group: GroupIndex): boolean {
    if (this.#known.has(group)) return true
    const session = lane.session!
    if (this.#asked.has(group) || session.groupsRefused.has(group)) return false
    let asked = 0
    for (const other of session.lanes.values()) {
      if (other.groupsAsked.has(group)) return false
      asked += other.groupsAsked.size
    }
    if (asked >= groupsAheadMax) return false
    this.#state.owes(lane)
    this.#asked.set(group, lane)
    lane.groupsAsked.add(group)
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'want-hashes', group } })
    return false
  }

  /** Those asked of peers that are silent may be asked of others as well, and the first answer counts. [SW14] */
  reopenSilent(): GroupIndex[] {
    const { nowMs } = this.#state
    const silent = [...this.#asked].filter(([, lane]) => lane.isSilent(nowMs)).map(([group]) => group)
    for (const group of silent) this.#asked.delete(group)
    return silent
  }

  /**
   * Throws BadFrame when they were not asked for, BadHashGroup when they are of another tree. `isSettled`: every block
   * of the group is here.
   */
  onHashes(lane: SwarmLane, group: GroupIndex, hashes: HashGroup, isSettled: boolean): void {
    const { manifest, nowMs } = this.#state
    if (!manifest || !this.#answered(lane, group)) throw new BadFrame('hashes that were not asked for')
    verifyGroup(manifest.root, manifest.blockCount, group, hashes)
    lane.progressed(nowMs)
    if (isSettled || this.knows(group)) return // another was asked too, and answered before
    this.#state.emit({ type: 'store-hashes', group, hashes })
    this.know(group, hashes.leaves)
  }

  onRefused(lane: SwarmLane, group: GroupIndex, code: RefuseCode): void {
    if (!this.#answered(lane, group)) throw new BadFrame('an answer to what was not asked')
    if (code !== 'busy') lane.session!.groupsRefused.add(group)
  }

  /** What was asked over a lane that ended can be asked over others. */
  release(lane: SwarmLane): void {
    for (const group of lane.groupsAsked) this.#answered(lane, group)
  }

  #answered(lane: SwarmLane, group: GroupIndex): boolean {
    if (this.#asked.get(group) === lane) this.#asked.delete(group)
    return lane.groupsAsked.delete(group)
  }
}
