import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { BadFrame, BeyondEnd } from '../exchange/errors.ts'
import type { PeerRole } from '../exchange/types.ts'
import type { GroupIndex, PeerId } from '../ids.ts'
import type { SwarmLane } from './lane.ts'

/** What is known of one peer, over all its lanes. No decisions. */
export class Session {
  readonly peerId: PeerId
  readonly role: PeerRole
  /** Its first lane: it carries what is said of holdings, and the session ends with it. [EX8] */
  readonly control: SwarmLane
  /** All its lanes by number. */
  readonly lanes = new Map<number, SwarmLane>()

  /** It answers wants. */
  serves = false
  hasSpoken = false
  /** Undefined until the number of blocks is known here. */
  holdings: Bitmap | undefined
  /** Hash groups that it does not have. */
  readonly groupsRefused = new Set<GroupIndex>()
  /** Where the search for the next block to ask goes on. */
  cursor = 0
  /** Nothing more can be asked of it until something changes. */
  isExhausted = false
  /** It was busy. */
  restUntilMs = -Infinity
  receivedBytes = 0

  /** For fair sharing: grows with bytes served, never below that of the least served. */
  servedVirtual = 0
  sentBytes = 0
  /** Newly held blocks that it was not told yet. */
  toTell: number[] = []
  toldAtMs = -Infinity
  wasToldManifest = false
  wasToldComplete = false

  constructor(control: SwarmLane, peerId: PeerId, role: PeerRole) {
    this.control = control
    this.peerId = peerId
    this.role = role
    this.lanes.set(0, control)
  }

  get isComplete(): boolean {
    return this.holdings?.isFull ?? false
  }

  has(index: number): boolean {
    return this.holdings?.has(index) ?? false
  }

  get queuedBlocks(): number {
    let queued = 0
    for (const lane of this.lanes.values()) queued += lane.queuedBlocks
    return queued
  }

  /** The number of blocks is known here: what it holds can be counted. */
  size(blockCount: number): void {
    this.holdings = new Bitmap(blockCount)
  }

  /** It holds all of `blockCount` blocks. */
  learnComplete(blockCount: number): void {
    this.holdings = Bitmap.full(blockCount)
    this.#changed()
  }

  /** It holds these, or no longer; throws BeyondEnd. [EX10] */
  learn(ranges: readonly BlockRange[], held: boolean): void {
    const { holdings } = this
    if (!holdings) throw new BadFrame('it speaks of blocks before the manifest')
    for (const range of ranges) {
      if (range.start + range.count > holdings.size) throw new BeyondEnd()
      if (held) holdings.setRange(range)
      else holdings.clearRange(range)
    }
    this.#changed()
  }

  #changed(): void {
    this.isExhausted = false
    this.groupsRefused.clear()
  }
}
