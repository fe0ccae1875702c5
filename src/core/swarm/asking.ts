import type { BlockRange } from '../block/bitmap.ts'
import { BadBlock, BadFrame } from '../exchange/errors.ts'
import type { RefuseCode } from '../exchange/types.ts'
import type { GroupIndex, PeerId } from '../ids.ts'
import { busyRestMs, queuedBlocksMax, rangesPerFrameMax, stallTimeoutMs, unstoredBytesMax } from '../limits.ts'
import type { HashGroup } from '../merkle/group.ts'
import { Choice } from './choice.ts'
import type { SwarmLane } from './lane.ts'
import { Leaves } from './leaves.ts'
import { groupOf, Need } from './need.ts'
import { rising, runsOf } from './runs.ts'
import type { SwarmState } from './state.ts'

/** Blocks asked for at once before another lane gets a turn to choose. */
const runBlocks = 16

/**
 * The asking half: how much is asked over which lane, and what becomes of what comes. Owns `held` and the lanes'
 * in-flight sets.
 */
export class Asking {
  readonly #state: SwarmState
  readonly #leaves: Leaves
  readonly #hashing = new Map<number, Uint8Array>()
  readonly #readers = new Map<number, readonly BlockRange[]>()
  #need: Need | undefined
  #choice: Choice | undefined
  /** Everything may be fetched, not only what readers wish for. */
  #isAdmitted = false
  /** The store fails: more would only be fetched to be thrown away. */
  #isHalted = false

  constructor(state: SwarmState) {
    this.#state = state
    this.#leaves = new Leaves(state)
    if (state.held) this.begin()
  }

  /** The manifest is known. */
  begin(): void {
    this.#need = new Need(this.#state.held!)
    this.#choice = new Choice(this.#need, this.#leaves, this.#readers)
  }

  admit(): void {
    this.#isAdmitted = true
    this.#isHalted = false
    this.#reconsider()
  }

  setReader(readerId: number, ranges: readonly BlockRange[]): void {
    if (ranges.length > 0) this.#readers.set(readerId, ranges)
    else this.#readers.delete(readerId)
    this.#reconsider()
    if (!this.#isAdmitted) this.#makeRoom()
    else this.#hurry()
  }

  knowGroup(group: GroupIndex, leaves: Uint8Array): void {
    if (this.#need?.isSettled(group)) return
    this.#leaves.know(group, leaves)
    this.#reconsider()
  }

  /** Fills the windows of all lanes, a run at a time in turn, so that all get a share. [SW4] */
  fill(): void {
    if (!this.#need || this.#isHalted || this.#state.isComplete) return
    let asking = [...this.#state.lanes.values()].filter((lane) => lane.state === 'open' && lane.session!.serves)
    while (asking.length > 0) asking = asking.filter((lane) => this.#askRun(lane))
  }

  onHashes(lane: SwarmLane, group: GroupIndex, hashes: HashGroup): void {
    this.#leaves.onHashes(lane, group, hashes)
    this.#reconsider()
    this.#hurry()
  }

  onHashesRefused(lane: SwarmLane, group: GroupIndex, code: RefuseCode): void {
    this.#leaves.onRefused(lane, group, code)
    this.#reconsider()
    if (code === 'busy') this.#rest(lane)
  }

  onBlocks(lane: SwarmLane, start: number, blocks: readonly Uint8Array[]): void {
    const { manifest, nowMs } = this.#state
    const blockBytes = manifest?.blockBytes
    if (!blocks.every((block) => block.length === blockBytes)) throw new BadFrame('blocks of another size')
    lane.answered(blocks.map((_, i) => start + i))
    const bytes = blocks.length * blockBytes!
    lane.lastProgressMs = nowMs
    lane.session!.receivedBytes += bytes
    lane.window.received(nowMs, bytes)
    blocks.forEach((block, i) => this.#hashing.set(start + i, block))
    const { laneId, peerId } = lane.info
    this.#state.emit({ type: 'hash', laneId, peerId, start, blocks })
  }

  /** Returns the first block that is not what it must be, if any. [SW5] */
  onHashed(peerId: PeerId, start: number, digests: readonly Uint8Array[]): BadBlock | undefined {
    let bad: BadBlock | undefined
    digests.forEach((digest, i) => {
      const index = start + i
      const bytes = this.#hashing.get(index)
      if (!this.#hashing.delete(index) || !bytes) return
      if (this.#leaves.matches(index, digest)) return this.#state.emit({ type: 'store', peerId, index, bytes })
      this.#giveBack(index)
      bad ??= new BadBlock(index)
    })
    return bad
  }

  onStored(indexes: readonly number[]): void {
    for (const index of indexes) {
      this.#need!.keep(index)
      if (this.#need!.isSettled(groupOf(index))) this.#leaves.forget(groupOf(index))
    }
  }

  /** Nothing more is asked for until there is room again, which `admit` says. [SW6] */
  onStoreFailed(indexes: readonly number[]): void {
    for (const index of indexes) this.#giveBack(index)
    this.#isHalted = true
  }

  /** Returns those that were held. Nobody fetches them again until `admit` says so. */
  onEvicted(ranges: readonly BlockRange[]): number[] {
    this.#isAdmitted = false
    const lost: number[] = []
    for (const { start, count } of ranges) {
      for (let index = start; index < start + count; index++) if (this.#need?.lose(index)) lost.push(index)
    }
    return lost
  }

  onRefused(lane: SwarmLane, ranges: readonly BlockRange[], code: RefuseCode): void {
    const session = lane.session!
    for (const { start, count } of ranges) {
      if (count > lane.inFlight.size) throw new BadFrame('an answer to what was not asked')
      const indexes = Array.from({ length: count }, (_, i) => start + i)
      lane.answered(indexes)
      for (const index of indexes) {
        if (code === 'not-held') session.holdings?.clear(index)
        this.#giveBack(index)
      }
    }
    lane.lastProgressMs = this.#state.nowMs
    if (code === 'not-serving') session.serves = false
    if (code === 'busy') this.#rest(lane)
  }

  /** What was asked over a lane that ended can be asked over others. */
  release(lane: SwarmLane): void {
    for (const index of lane.inFlight) this.#giveBack(index)
    lane.inFlight.clear()
    this.#leaves.release(lane)
    this.#reconsider()
    this.#hurry()
  }

  isStalled(lane: SwarmLane): boolean {
    return lane.isOwed && this.#state.nowMs - lane.lastProgressMs >= stallTimeoutMs
  }

  /** Returns whether the lane may be asked for more. */
  #askRun(lane: SwarmLane): boolean {
    const { nowMs, manifest } = this.#state
    const session = lane.session!
    const windowBlocks = Math.floor(lane.window.bytes / manifest!.blockBytes)
    const roomBlocks = Math.min(
      windowBlocks - lane.inFlight.size + lane.cancelled.size,
      queuedBlocksMax - lane.inFlight.size,
      Math.floor(unstoredBytesMax / manifest!.blockBytes) - this.#need!.takenBlocks
    )
    // Less than a run of room waits until more is free: small requests cost as much as large ones.
    const run = Math.min(runBlocks, Math.max(1, Math.floor(windowBlocks / 2)))
    if (session.isExhausted || session.restUntilMs > nowMs || roomBlocks < run) return false
    const chosen = this.#choice!.choose(lane, run, this.#isAdmitted)
    if (chosen.size === 0) {
      session.isExhausted = true
      return false
    }
    lane.window.asked(nowMs, lane.inFlight.size)
    lane.asked(nowMs)
    for (const index of chosen) {
      lane.inFlight.add(index)
      this.#need!.take(index)
    }
    const ranges = runsOf([...chosen])
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'want', ranges } })
    return true
  }

  /** What a reader waits for and nobody was asked for goes before what was asked already. */
  #hurry(): void {
    if (this.#choice?.isUrgent) this.#makeRoom()
  }

  /** Takes back what was asked and nobody waits for, so that what a reader waits for comes at once. [SW8] */
  #makeRoom(): void {
    if (!this.#choice) return
    for (const lane of this.#state.lanes.values()) {
      const spare = [...lane.inFlight].filter((index) => !lane.cancelled.has(index) && !this.#choice!.isWished(index))
      if (spare.length === 0) continue
      for (const index of spare) lane.cancelled.add(index)
      const ranges = runsOf(rising(spare)).slice(0, rangesPerFrameMax)
      this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'cancel', ranges } })
    }
  }

  #rest(lane: SwarmLane): void {
    lane.session!.restUntilMs = this.#state.nowMs + busyRestMs
  }

  #giveBack(index: number): void {
    this.#need?.giveBack(index)
    this.#reconsider()
  }

  /** Something may be had again, of everyone, whatever was found out before. */
  #reconsider(): void {
    for (const session of this.#state.sessions.values()) session.isExhausted = false
  }
}
