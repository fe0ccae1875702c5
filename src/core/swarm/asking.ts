import type { BlockRange } from '../block/bitmap.ts'
import { type BadBlock, BadFrame } from '../exchange/errors.ts'
import type { RefuseCode } from '../exchange/types.ts'
import type { GroupIndex, PeerId } from '../ids.ts'
import { busyRestMs, suggestionMs, unstoredBytesMax } from '../limits.ts'
import type { HashGroup } from '../merkle/group.ts'
import { Arriving } from './arriving.ts'
import { Choice } from './choice.ts'
import type { SwarmLane } from './lane.ts'
import { Leaves } from './leaves.ts'
import { groupOf, Need } from './need.ts'
import type { PassingOn } from './passing-on.ts'
import { Readers } from './readers.ts'
import { runsOf } from './runs.ts'
import { Seconds } from './seconds.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/** Blocks asked for at once before another lane gets a turn to choose. */
const runBlocks = 16

/**
 * The asking half: how much is asked over which lane, and what becomes of what comes. Owns `held` and the lanes'
 * in-flight sets. Looks again only at lanes of which something changed.
 */
export class Asking {
  readonly #state: SwarmState
  readonly #leaves: Leaves
  readonly #seconds: Seconds
  readonly #arriving: Arriving
  readonly #readers = new Readers()
  #need: Need | undefined
  #choice: Choice | undefined
  /** Everything may be fetched, not only what readers wish for. */
  #isAdmitted = false
  /** The store fails: more would only be fetched to be thrown away. */
  #isHalted = false
  /** Lanes that may have room, or something new to be asked. */
  readonly #changed = new Set<SwarmLane>()
  #hasAllChanged = true
  /** When the next peer that was busy may be asked again. */
  #restedAtMs = Infinity

  constructor(state: SwarmState, passingOn: PassingOn) {
    this.#state = state
    this.#leaves = new Leaves(state)
    this.#seconds = new Seconds(state, this.#readers)
    const lost = (index: number): void => this.#lost(index)
    this.#arriving = new Arriving(state, { leaves: this.#leaves, seconds: this.#seconds, passingOn, lost })
    if (state.held) this.begin()
  }

  /** The manifest is known. */
  begin(): void {
    const { held, holders, options } = this.#state
    const need = (this.#need = new Need(held!))
    const { random } = options
    this.#choice = new Choice({ need, leaves: this.#leaves, holders: holders!, readers: this.#readers, random })
    this.#hasAllChanged = true
  }

  admit(): void {
    this.#isAdmitted = true
    this.#isHalted = false
    this.#reconsider()
  }

  setReader(readerId: number, ranges: readonly BlockRange[]): void {
    this.#readers.set(readerId, ranges)
    this.#reconsider()
    if (!this.#isAdmitted) this.#seconds.makeRoom()
    else this.#hurry()
  }

  knowGroup(group: GroupIndex, leaves: Uint8Array): void {
    if (this.#need?.isSettled(group)) return
    this.#leaves.know(group, leaves)
    this.#reconsider()
  }

  /** A peer said something of itself, or has one lane more. */
  changed(session: Session): void {
    for (const lane of session.lanes.values()) this.#changed.add(lane)
  }

  /** Something could be asked for, and nobody owes anything. */
  get isStarved(): boolean {
    if (!this.#need || this.#isHalted || this.#roomBlocks() < runBlocks) return !this.#need
    return this.#state.isStarved && (this.#isAdmitted || this.#choice!.isUrgent)
  }

  wakeAtMs(): number {
    if (!this.#need || this.#isHalted || this.#state.isComplete) return Infinity
    return Math.min(this.#restedAtMs, this.#state.silentAtMs, this.#seconds.wakeAtMs())
  }

  /** Fills the windows of lanes, a run at a time in turn, so that all get a share. [SW4] */
  fill(): void {
    if (!this.#need || this.#isHalted || this.#state.isComplete) return
    const { nowMs, lanes } = this.#state
    if (nowMs >= this.#restedAtMs) {
      this.#restedAtMs = Infinity
      this.#reconsider()
    }
    if (nowMs >= this.#state.silentAtMs) this.#seeSilent()
    if (this.#hasAllChanged || this.#changed.size > 0) {
      let asking = [...(this.#hasAllChanged ? lanes.values() : this.#changed)].filter((lane) => lane.canBeAsked(nowMs))
      this.#hasAllChanged = false
      this.#changed.clear()
      while (asking.length > 0) asking = asking.filter((lane) => this.#askRun(lane))
      // What is given back from now on comes from whoever brings it soonest.
      if (this.#need.openBlocks === 0) for (const session of this.#state.sessions.values()) session.suggests = false
    }
    if (nowMs >= this.#seconds.wakeAtMs()) this.#askSeconds()
    for (const [lane, indexes] of this.#seconds.forReaders()) this.#ask(lane, indexes)
  }

  onHashes(lane: SwarmLane, group: GroupIndex, hashes: HashGroup): void {
    this.#leaves.onHashes(lane, group, hashes, this.#need?.isSettled(group) ?? false)
    this.#reconsider()
    this.#hurry()
  }

  onHashesRefused(lane: SwarmLane, group: GroupIndex, code: RefuseCode): void {
    this.#leaves.onRefused(lane, group, code)
    this.#choice?.groupReopened(group)
    this.#reconsider()
    if (code === 'busy') this.#rest(lane)
  }

  onBlocks(lane: SwarmLane, start: number, blocks: readonly Uint8Array[]): void {
    const { manifest, nowMs } = this.#state
    const blockBytes = manifest?.blockBytes
    if (!blocks.every((block) => block.length === blockBytes)) throw new BadFrame('blocks of another size')
    lane.answered(blocks.map((_, i) => start + i))
    const bytes = blocks.length * blockBytes!
    lane.progressed(nowMs)
    lane.answeredAt(nowMs)
    lane.session!.received(nowMs, bytes)
    lane.window.received(nowMs, bytes)
    this.#changed.add(lane)
    this.#arriving.come(lane, start, blocks)
  }

  onHashed(peerId: PeerId, start: number, digests: readonly Uint8Array[]): BadBlock | undefined {
    return this.#arriving.hashed(peerId, start, digests)
  }

  onStored(indexes: readonly number[]): void {
    const wasFull = this.#roomBlocks() < runBlocks
    for (const index of indexes) {
      this.#need!.keep(index)
      if (this.#need!.isSettled(groupOf(index))) this.#leaves.forget(groupOf(index))
    }
    this.#hasAllChanged ||= wasFull
  }

  /** Nothing more is asked for until there is room again, which `admit` says. [SW6] */
  onStoreFailed(indexes: readonly number[]): void {
    for (const index of indexes) this.#lost(index)
    this.#isHalted = true
  }

  /** Returns those that were held. Nobody fetches them again until `admit` says so. */
  onEvicted(ranges: readonly BlockRange[]): number[] {
    this.#isAdmitted = false
    const lost: number[] = []
    for (const { start, count } of ranges) {
      for (let index = start; index < start + count; index++) {
        if (!this.#need?.lose(index)) continue
        lost.push(index)
        this.#reopened(index)
      }
    }
    return lost
  }

  /** A holder says what to take of it first. [SW15] */
  onSuggest(session: Session, ranges: readonly BlockRange[]): void {
    session.suggest(this.#state.nowMs, ranges)
    this.changed(session)
  }

  onRefused(lane: SwarmLane, ranges: readonly BlockRange[], code: RefuseCode): void {
    const session = lane.session!
    for (const { start, count } of ranges) {
      if (count > lane.inFlight.size) throw new BadFrame('an answer to what was not asked')
      const indexes = Array.from({ length: count }, (_, i) => start + i)
      lane.answered(indexes)
      if (code === 'not-held') session.learn([{ start, count }], false, this.#state.holders)
      for (const index of indexes) this.#lost(index)
    }
    lane.progressed(this.#state.nowMs)
    this.#changed.add(lane)
    if (code === 'not-serving') session.serves = false
    if (code === 'busy') this.#rest(lane)
  }

  /** What was asked over a lane that ended can be asked over others. */
  release(lane: SwarmLane): void {
    for (const index of lane.inFlight) this.#lost(index)
    lane.inFlight.clear()
    for (const group of lane.groupsAsked) this.#choice?.groupReopened(group)
    this.#leaves.release(lane)
    this.#changed.delete(lane)
    this.#reconsider()
    this.#hurry()
  }

  /** Returns whether the lane may be asked for more. */
  #askRun(lane: SwarmLane): boolean {
    const session = lane.session!
    const { nowMs, manifest } = this.#state
    const { blockBytes } = manifest!
    // Less than a run of room waits until more is free: small requests cost as much as large ones.
    const run = Math.min(runBlocks, Math.floor(lane.windowBlocks(blockBytes) / 2))
    if (lane.roomBlocks(blockBytes) < run || this.#roomBlocks() < run) return false
    if (session.suggests && this.#state.isStarved && !this.#choice!.isGuided(lane, nowMs)) {
      session.suggests = false
      session.isExhausted = false
    }
    const chosen = session.isExhausted ? [] : this.#choice!.choose(lane, run, this.#isAdmitted)
    if (chosen.length === 0) {
      if (this.#choice!.isHeldBack(lane)) return false
      session.isExhausted = true
      this.#seconds.wish()
      if (session.suggests) this.#lookAgainAt(Math.max(session.suggestedAtMs + suggestionMs, nowMs + busyRestMs))
      return false
    }
    this.#ask(lane, chosen)
    return true
  }

  #ask(lane: SwarmLane, chosen: readonly number[]): void {
    lane.window.asked(this.#state.nowMs, lane.inFlight.size)
    if (lane.inFlight.size === 0) lane.askedAtMs = this.#state.nowMs
    this.#state.owes(lane)
    for (const index of chosen) lane.inFlight.add(index)
    const frame = { type: 'want', ranges: runsOf(chosen) } as const
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame })
  }

  /** Lanes that have room and nothing of their own to ask relieve others. [SW14] */
  #askSeconds(): void {
    const asked = this.#seconds.look(!this.#isAdmitted || this.#need!.openBlocks === 0)
    for (const [lane, indexes] of asked) if (indexes.length > 0) this.#ask(lane, indexes)
  }

  /** Some may have fallen silent: others can be asked for the hashes that they owe. [SW14] */
  #seeSilent(): void {
    this.#state.sawSilent()
    const reopened = this.#leaves.reopenSilent()
    for (const group of reopened) this.#choice!.groupReopened(group)
    if (reopened.length > 0) this.#reconsider()
  }

  /** Blocks that may still be taken, of all lanes together. */
  #roomBlocks(): number {
    return Math.floor(unstoredBytesMax / this.#state.manifest!.blockBytes) - this.#need!.takenBlocks
  }

  /** What a reader waits for and nobody was asked for goes before what was asked already. */
  #hurry(): void {
    if (this.#choice?.isUrgent) this.#seconds.makeRoom()
  }

  #rest(lane: SwarmLane): void {
    lane.session!.restUntilMs = this.#state.nowMs + busyRestMs
    this.#lookAgainAt(lane.session!.restUntilMs)
  }

  #lookAgainAt(atMs: number): void {
    if (atMs > this.#state.nowMs) this.#restedAtMs = Math.min(this.#restedAtMs, atMs)
  }

  /** A block that was asked for, or came, must be asked for again. */
  #lost(index: number): void {
    if (this.#seconds.isElsewhere(index) || !this.#need?.isTaken(index)) return
    this.#need.giveBack(index)
    this.#reopened(index)
    this.#reconsider()
  }

  #reopened(index: number): void {
    this.#choice!.groupReopened(groupOf(index))
    for (const session of this.#state.sessions.values()) {
      if (!session.isComplete && session.has(index)) session.offer({ start: index, count: 1 })
    }
  }

  /** Something may be had again, of everyone, whatever was found out before. */
  #reconsider(): void {
    for (const session of this.#state.sessions.values()) session.isExhausted = false
    this.#hasAllChanged = true
  }
}
