import type { BlockRange } from '../block/bitmap.ts'
import { bytesEqual } from '../bytes.ts'
import { BadBlock, BadFrame } from '../exchange/errors.ts'
import { type GroupIndex, groupIndex, type PeerId } from '../ids.ts'
import { groupLeaves, rangesPerFrameMax, stallTimeoutMs, unstoredBytesMax } from '../limits.ts'
import { type HashGroup, verifyGroup } from '../merkle/group.ts'
import { hashAt } from '../merkle/node.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/** Blocks asked for at once before another session gets a turn to choose. */
const runBlocks = 16

/**
 * The asking half: which blocks are asked of whom, what becomes of those that come. Owns `held`, the hashes and the
 * sessions' in-flight sets.
 */
export class Asking {
  readonly #state: SwarmState
  readonly #groups = new Map<GroupIndex, Uint8Array>()
  readonly #groupsAsked = new Set<GroupIndex>()
  /** Blocks asked for, or here and not yet durable. */
  readonly #taken = new Set<number>()
  readonly #hashing = new Map<number, Uint8Array>()
  readonly #readers = new Map<number, readonly BlockRange[]>()
  #admitted = false

  constructor(state: SwarmState) {
    this.#state = state
  }

  admit(): void {
    this.#admitted = true
    this.#refresh()
  }

  setReader(readerId: number, ranges: readonly BlockRange[]): void {
    if (ranges.length > 0) this.#readers.set(readerId, ranges)
    else this.#readers.delete(readerId)
    this.#refresh()
  }

  /** New blocks may be had: of everyone, whatever was found out before. */
  #refresh(): void {
    for (const session of this.#state.sessions.values()) session.exhausted = false
  }

  knowGroup(group: GroupIndex, leaves: Uint8Array): void {
    this.#groups.set(group, leaves)
    this.#refresh()
  }

  /** Fills the windows of all sessions, a run at a time in turn, so that all get a share. [SW3] */
  fill(): void {
    const { manifest, held } = this.#state
    if (!manifest || !held || held.isFull) return
    let asking = this.#state.openSessions().filter((session) => session.serves)
    while (asking.length > 0) asking = asking.filter((session) => this.#askRun(session))
  }

  /** Returns whether the session may be asked for more. */
  #askRun(session: Session): boolean {
    const { blockBytes } = this.#state.manifest!
    const roomBlocks = Math.min(
      Math.floor(session.window.bytes / blockBytes) - session.inFlight.size,
      Math.floor(unstoredBytesMax / blockBytes) - this.#taken.size
    )
    // Less than a run of room waits until more is free: small requests cost as much as large ones.
    const run = Math.min(runBlocks, Math.max(1, Math.floor(session.window.bytes / blockBytes / 2)))
    if (session.exhausted || roomBlocks < run) return false
    const chosen = this.#choose(session, run)
    if (chosen.length === 0) {
      session.exhausted = true
      return false
    }
    session.window.asked(this.#state.nowMs, session.inFlight.size)
    if (session.inFlight.size === 0) session.lastProgressMs = this.#state.nowMs
    for (const index of chosen) {
      session.inFlight.add(index)
      this.#taken.add(index)
    }
    this.#state.emit({ type: 'send', laneId: session.lane.laneId, frame: { type: 'want', ranges: runsOf(chosen) } })
    return true
  }

  /** Readers' wishes first, then on from where this session left off. Asks for missing hashes on the way. */
  #choose(session: Session, most: number): number[] {
    const chosen: number[] = []
    const consider = (index: number): boolean => {
      if (this.#wants(session, index) && this.#hashesFor(session, index)) chosen.push(index)
      return chosen.length < most
    }
    for (const ranges of this.#readers.values()) {
      for (const { start, count } of ranges) {
        for (let index = start; index < start + count; index++) if (!consider(index)) return unique(chosen)
      }
    }
    if (this.#admitted) this.#walk(session, consider)
    return unique(chosen)
  }

  #walk(session: Session, consider: (index: number) => boolean): void {
    const { blockCount } = this.#state.manifest!
    for (let step = 0; step < blockCount; step++) {
      const index = session.cursor
      const more = consider(index)
      if (!more) return
      session.cursor = (index + 1) % blockCount
    }
  }

  #wants(session: Session, index: number): boolean {
    return session.has(index) && !this.#state.held!.has(index) && !this.#taken.has(index)
  }

  #hashesFor(session: Session, index: number): boolean {
    const group = groupIndex(Math.floor(index / groupLeaves))
    if (this.#groups.has(group)) return true
    if (!this.#groupsAsked.has(group) && session.groupsAsked.size < 2) {
      this.#groupsAsked.add(group)
      if (session.inFlight.size === 0 && session.groupsAsked.size === 0) session.lastProgressMs = this.#state.nowMs
      session.groupsAsked.add(group)
      this.#state.emit({ type: 'send', laneId: session.lane.laneId, frame: { type: 'want-hashes', group } })
    }
    return false
  }

  onHashes(session: Session, group: GroupIndex, hashes: HashGroup): void {
    if (!session.groupsAsked.delete(group)) throw new BadFrame('hashes that were not asked for')
    this.#groupsAsked.delete(group)
    const { root, blockCount } = this.#state.manifest!
    verifyGroup(root, blockCount, group, hashes)
    session.lastProgressMs = this.#state.nowMs
    this.#state.emit({ type: 'store-hashes', group, hashes })
    this.knowGroup(group, hashes.leaves)
  }

  onHashesRefused(session: Session, group: GroupIndex): void {
    if (session.groupsAsked.delete(group)) this.#groupsAsked.delete(group)
  }

  onBlocks(session: Session, start: number, blocks: readonly Uint8Array[]): void {
    const { manifest, nowMs } = this.#state
    if (!manifest) throw new BadFrame('blocks before the manifest')
    // A block that was asked, cancelled, and crossed with the cancel is not wanted and not held against the peer.
    const wanted = blocks.every((block, i) => session.inFlight.has(start + i) && block.length === manifest.blockBytes)
    if (!wanted) throw new BadFrame('blocks that were not asked for')
    const bytes = blocks.length * manifest.blockBytes
    session.lastProgressMs = nowMs
    session.receivedBytes += bytes
    session.window.received(nowMs, bytes)
    blocks.forEach((block, i) => {
      session.inFlight.delete(start + i)
      this.#hashing.set(start + i, block)
    })
    this.#state.emit({ type: 'hash', laneId: session.lane.laneId, peerId: session.lane.peerId, start, blocks })
  }

  /** Returns the first block that is not what it must be, if any. */
  onHashed(peerId: PeerId, start: number, digests: readonly Uint8Array[]): BadBlock | undefined {
    let bad: BadBlock | undefined
    digests.forEach((digest, i) => {
      const index = start + i
      const bytes = this.#hashing.get(index)
      this.#hashing.delete(index)
      if (!bytes) return
      const leaves = this.#groups.get(groupIndex(Math.floor(index / groupLeaves)))!
      if (bytesEqual(digest, hashAt(leaves, index % groupLeaves))) {
        this.#state.emit({ type: 'store', peerId, index, bytes })
      } else {
        this.#free(index)
        bad ??= new BadBlock(index)
      }
    })
    return bad
  }

  /** Returns whether everything is here now. [SW5] */
  onStored(indexes: readonly number[]): boolean {
    const { held } = this.#state
    for (const index of indexes) {
      this.#taken.delete(index)
      held!.set(index)
      const range = { start: index, count: 1 }
      for (const session of this.#state.sessions.values()) session.toTell.push(range)
    }
    return held!.isFull
  }

  onStoreFailed(indexes: readonly number[]): void {
    for (const index of indexes) {
      this.#free(index)
    }
  }

  onRefused(session: Session, ranges: readonly BlockRange[], code: 'busy' | 'not-held' | 'not-serving'): void {
    if (code === 'not-serving') session.serves = false
    for (const { start, count } of ranges) {
      for (let index = start; index < Math.min(start + count, start + unstoredBytesMax); index++) {
        if (!session.inFlight.delete(index)) continue
        if (code === 'not-held') session.holdings?.clear(index)
        this.#free(index)
      }
    }
    if (code === 'busy') session.exhausted = true // until it answers something else
  }

  /** What was asked of a session that ended can be asked of others. */
  release(session: Session): void {
    for (const index of session.inFlight) this.#free(index)
    session.inFlight.clear()
    for (const group of session.groupsAsked) this.#groupsAsked.delete(group)
    session.groupsAsked.clear()
    this.#refresh()
  }

  owes(session: Session): boolean {
    return session.inFlight.size > 0 || session.groupsAsked.size > 0
  }

  isStalled(session: Session): boolean {
    return this.owes(session) && this.#state.nowMs - session.lastProgressMs >= stallTimeoutMs
  }

  #free(index: number): void {
    this.#taken.delete(index)
    this.#refresh()
  }
}

const unique = (indexes: readonly number[]): number[] => [...new Set(indexes)].sort((a, b) => a - b)

/** Ascending indexes as runs, as many as one message holds. */
export function runsOf(indexes: readonly number[]): BlockRange[] {
  const runs: { start: number; count: number }[] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last && last.start + last.count === index) last.count++
    else runs.push({ start: index, count: 1 })
  }
  return runs.slice(0, rangesPerFrameMax)
}
