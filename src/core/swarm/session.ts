import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { BadFrame, Overasked } from '../exchange/errors.ts'
import type { LaneInfo, PeerRole } from '../exchange/types.ts'
import type { GroupIndex } from '../ids.ts'
import { queuedBlocksMax, queuedGroupsMax } from '../limits.ts'
import { Window } from './window.ts'

/** What is known of one peer over one lane: its holdings, what we asked of it, what it asked of us. No decisions. */
export class Session {
  readonly lane: LaneInfo
  state: 'greeting' | 'open' | 'closed' = 'greeting'
  role: PeerRole = 'tab'
  openedAtMs: number
  /** It answers wants. */
  serves = false
  /** Said to hold everything, before the number of blocks was known here. */
  claimsAll = false
  /** Ranges told before the number of blocks was known here. */
  early: BlockRange[] = []
  holdings: Bitmap | undefined

  readonly window = new Window()
  /** Blocks asked and not here yet. */
  readonly inFlight = new Set<number>()
  readonly groupsAsked = new Set<GroupIndex>()
  /** Where the search for the next block to ask goes on. */
  cursor = 0
  /** Nothing more can be asked of it until something changes. */
  exhausted = false
  lastProgressMs: number
  receivedBytes = 0

  /** What it asked of us, in order. */
  readonly queue: { start: number; count: number }[] = []
  queuedBlocks = 0
  groupsQueued = 0
  messagesUnderWay = 0
  blocked = false
  sentBytes = 0
  /** For fair sharing: grows with bytes served, never below that of the least served. */
  servedVirtual = 0
  /** Newly held blocks that it was not told yet. */
  toTell: BlockRange[] = []
  toldAtMs = -Infinity
  toldComplete = false

  constructor(lane: LaneInfo, nowMs: number) {
    this.lane = lane
    this.openedAtMs = nowMs
    this.lastProgressMs = nowMs
  }

  get isComplete(): boolean {
    return this.holdings?.isFull ?? this.claimsAll
  }

  has(index: number): boolean {
    return this.holdings?.has(index) ?? false
  }

  /** Once the manifest is known, what was told before can be counted. */
  sizeHoldings(blockCount: number): void {
    this.holdings = this.claimsAll ? Bitmap.full(blockCount) : new Bitmap(blockCount)
    for (const range of this.early) this.learn(range, true)
    this.early = []
  }

  /** It holds a run of blocks, or no longer. A run beyond the end is a lie. */
  learn(range: BlockRange, held: boolean): void {
    this.exhausted = false
    if (!this.holdings) {
      if (held && this.early.length < 4096) this.early.push(range) // more than that is told again once the size is known
      return
    }
    if (range.start + range.count > this.holdings.size) throw new BadFrame('it names blocks beyond the end')
    if (held) this.holdings.setRange(range)
    else this.holdings.clearRange(range)
  }

  /** Takes a request; returns the part that is over the bound. */
  enqueue(range: BlockRange): BlockRange | undefined {
    const room = Math.min(range.count, queuedBlocksMax - this.queuedBlocks)
    if (room > 0) {
      this.queue.push({ start: range.start, count: room })
      this.queuedBlocks += room
    }
    return room < range.count ? { start: range.start + room, count: range.count - room } : undefined
  }

  enqueueGroup(): void {
    if (++this.groupsQueued > queuedGroupsMax) throw new Overasked('too many hash groups at once')
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

  cancel(cancelled: BlockRange): void {
    const kept: { start: number; count: number }[] = []
    const cancelledEnd = cancelled.start + cancelled.count
    for (const { start, count } of this.queue) {
      const end = start + count
      if (start < cancelled.start) kept.push({ start, count: Math.min(end, cancelled.start) - start })
      if (end > cancelledEnd) {
        const from = Math.max(start, cancelledEnd)
        kept.push({ start: from, count: end - from })
      }
    }
    this.queue.splice(0, this.queue.length, ...kept)
    this.queuedBlocks = kept.reduce((sum, range) => sum + range.count, 0)
  }
}
