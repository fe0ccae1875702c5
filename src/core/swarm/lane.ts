import type { BlockRange } from '../block/bitmap.ts'
import { BadFrame, Overasked } from '../exchange/errors.ts'
import type { LaneInfo } from '../exchange/types.ts'
import type { GroupIndex } from '../ids.ts'
import {
  gapFade,
  holdUpMs,
  queuedBlocksMax,
  queuedGroupsMax,
  rangesPerFrameMax,
  secondGainMs,
  silenceMs,
  silenceMsMax,
  silentGaps,
  stallTimeoutMs
} from '../limits.ts'
import type { Session } from './session.ts'
import { Window } from './window.ts'

/** One lane of a session: what was asked over it and what is owed over it, each way. No decisions. */
export class SwarmLane {
  readonly info: LaneInfo
  state: 'greeting' | 'open' | 'closed' = 'greeting'
  /** Known once its peer has greeted. */
  session: Session | undefined
  readonly openedAtMs: number

  readonly window = new Window()
  /** Blocks asked and not answered yet. */
  readonly inFlight = new Set<number>()
  /** Those of them that were cancelled, and when, the first of them first: they may still come. */
  readonly cancelled = new Map<number, number>()
  /** Others would have brought them sooner. */
  isLate = false
  readonly groupsAsked = new Set<GroupIndex>()
  lastProgressMs: number
  /** About the longest time between two of its answers lately. */
  #gapMs = 0
  /** Since when others that could bring what it owes have had nothing else to bring, and it brings nothing. [SW11] */
  holdsUpSinceMs = Infinity
  /** When something was asked after nothing was owed, until the first of the answer. */
  askedAtMs: number | undefined
  /** Nothing more is asked over it; it ends when nothing is owed. */
  isLeaving = false

  /** What the peer asked, in order. */
  readonly queue: { start: number; count: number }[] = []
  queuedBlocks = 0
  groupsQueued = 0
  messagesUnderWay = 0
  isBlocked = false
  /** Answers that it was given since it takes no more: nobody has read them. */
  #unreadGroups = 0
  #unreadRanges = 0

  constructor(info: LaneInfo, nowMs: number) {
    this.info = info
    this.openedAtMs = nowMs
    this.lastProgressMs = nowMs
  }

  /** The peer owes an answer. */
  get isOwed(): boolean {
    return this.inFlight.size > 0 || this.groupsAsked.size > 0
  }

  /** Something is asked after nothing was owed: the time for its answer begins. */
  began(nowMs: number): void {
    this.lastProgressMs = nowMs
    this.holdsUpSinceMs = Infinity
  }

  /** It answers. */
  progressed(nowMs: number): void {
    this.#gapMs = Math.max(nowMs - this.lastProgressMs, gapFade * this.#gapMs)
    this.lastProgressMs = nowMs
    if (!this.isSilent(nowMs)) this.holdsUpSinceMs = Infinity
  }

  /**
   * When nothing has come for longer than it takes one of many that are served in turn, and much longer than before; or
   * when something that was cancelled has for as long neither come nor been given back, whatever else comes.
   */
  get silentAtMs(): number {
    if (!this.isOwed) return Infinity
    const answersByMs = this.lastProgressMs + Math.min(Math.max(silenceMs, silentGaps * this.#gapMs), silenceMsMax)
    const cancelledAtMs = this.cancelled.values().next().value ?? Infinity
    return Math.min(answersByMs, cancelledAtMs + silenceMsMax)
  }

  isSilent(nowMs: number): boolean {
    return nowMs >= this.silentAtMs
  }

  /** Whoever is silent is asked for nothing more until it answers. */
  canBeAsked(nowMs: number): boolean {
    if (this.state !== 'open' || this.isLeaving || this.isSilent(nowMs)) return false
    return this.session!.serves && this.session!.restUntilMs <= nowMs
  }

  /** When it has stalled, if it brings nothing before. */
  get stallsAtMs(): number {
    if (!this.isOwed) return Infinity
    return Math.min(this.lastProgressMs + stallTimeoutMs, this.holdsUpSinceMs + holdUpMs)
  }

  /** Blocks that may be asked for and not yet here. */
  windowBlocks(blockBytes: number): number {
    this.window.fit(blockBytes)
    return Math.floor(this.window.bytes / blockBytes)
  }

  /** Blocks that may be asked for now. */
  roomBlocks(blockBytes: number): number {
    // What was called off because it would be late fills the window until it is given back or comes.
    const calledOff = this.isLate ? 0 : this.cancelled.size
    const room = this.windowBlocks(blockBytes) - this.inFlight.size + calledOff
    return Math.min(room, queuedBlocksMax - this.inFlight.size)
  }

  /** When so much will be here, as far as one can tell: a silence is likely to last as long again. */
  etaMs(nowMs: number, bytes: number): number {
    // The time in which nothing was asked of it says nothing of its pace.
    const pace = this.window.paceAt(this.isOwed ? nowMs : this.lastProgressMs)
    const expectedMs = pace > 0 ? bytes / pace : secondGainMs
    return this.isOwed ? Math.max(expectedMs, nowMs - this.lastProgressMs) : expectedMs
  }

  /** The first of an answer after a silence tells how long the way is. */
  answeredAt(nowMs: number): void {
    if (this.askedAtMs !== undefined) this.session!.width.answeredIn(nowMs - this.askedAtMs)
    this.askedAtMs = undefined
  }

  /** Takes blocks that were asked; throws BadFrame for others. */
  answered(indexes: readonly number[]): void {
    if (!indexes.every((index) => this.inFlight.has(index))) throw new BadFrame('an answer to what was not asked')
    for (const index of indexes) {
      this.inFlight.delete(index)
      this.cancelled.delete(index)
    }
    this.isLate &&= this.cancelled.size > 0
  }

  /** Blocks that may still be queued. */
  get queueRoom(): number {
    return queuedBlocksMax - this.queuedBlocks
  }

  enqueue(range: BlockRange): void {
    this.queue.push({ ...range })
    this.queuedBlocks += range.count
  }

  enqueueGroup(): void {
    if (++this.groupsQueued > queuedGroupsMax) throw new Overasked('too many hash groups at once')
  }

  /** Over a lane that takes no more the answer is only gathered here: it still counts. [EX14] */
  answeredGroup(): void {
    if (this.isBlocked) this.#unreadGroups++
    else this.groupsQueued--
  }

  /** So many ranges, or groups, are refused. */
  refused(count: number): void {
    if (this.isBlocked && (this.#unreadRanges += count) > rangesPerFrameMax)
      throw new Overasked('it does not read what is refused')
  }

  /** It takes no more for now, or again. */
  setBlocked(isBlocked: boolean): void {
    this.isBlocked = isBlocked
    if (isBlocked) return
    this.groupsQueued -= this.#unreadGroups
    this.#unreadGroups = this.#unreadRanges = 0
  }

  /** The next run to serve, of at most `most` blocks. */
  dequeue(most: number): BlockRange | undefined {
    const head = this.queue[0]
    if (!head) return undefined
    const count = Math.min(most, head.count)
    const range = { start: head.start, count }
    head.start += count
    head.count -= count
    if (head.count === 0) this.queue.shift()
    this.queuedBlocks -= count
    return range
  }

  /** Takes a run out of the queue, wherever it stands in it; returns what was there. */
  cancel(cancelled: BlockRange): BlockRange[] {
    const kept: { start: number; count: number }[] = []
    const removed: BlockRange[] = []
    for (const { start, count } of this.queue) {
      const end = start + count
      const from = Math.min(end, Math.max(start, cancelled.start))
      const until = Math.max(from, Math.min(end, cancelled.start + cancelled.count))
      if (from > start) kept.push({ start, count: from - start })
      if (until > from) removed.push({ start: from, count: until - from })
      if (end > until) kept.push({ start: until, count: end - until })
    }
    this.queue.splice(0, this.queue.length, ...kept)
    this.queuedBlocks -= removed.reduce((sum, range) => sum + range.count, 0)
    return removed
  }
}
