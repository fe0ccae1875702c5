import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { BadFrame, BeyondEnd } from '../exchange/errors.ts'
import type { PeerRole } from '../exchange/types.ts'
import type { GroupIndex, PeerId } from '../ids.ts'
import { holdingsToldMax, rangesPerFrameMax, suggestedBlocksMax } from '../limits.ts'
import type { Holders } from './holders.ts'
import type { SwarmLane } from './lane.ts'
import { segmentOf } from './need.ts'
import type { SessionView } from './types.ts'
import { Width } from './width.ts'

/** Of a holder's suggestions the newest are kept; an honest one never has more open. */
const suggestionsKept = 2 * suggestedBlocksMax

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
  /** Undefined until the number of blocks is known here. */
  holdings: Bitmap | undefined
  /** Hash groups that it does not have. */
  readonly groupsRefused = new Set<GroupIndex>()
  /** It holds a part: segments in which something was open of what it holds, when last looked at. In no order. */
  readonly offers: number[] = []
  readonly #offered = new Set<number>()
  #holdsEverything = false
  /** Blocks of which it said that it holds them, or no longer. */
  #toldBlocks = 0
  /** What it wants to be asked for first, in this order; of one that suggests nothing else is asked. */
  readonly suggestions: number[] = []
  suggests = false
  suggestedAtMs = -Infinity
  /** Nothing more can be asked of it until something changes. */
  isExhausted = false
  /** It was busy. */
  restUntilMs = -Infinity
  receivedBytes = 0
  /** When a block last went either way, or it came. */
  usefulAtMs: number
  readonly width = new Width()

  /** For fair sharing: grows with bytes served, never below that of the least served. */
  servedVirtual = 0
  sentBytes = 0
  /** What was suggested to it and it has not asked for. */
  readonly suggested = new Set<number>()
  /** What was suggested to it and it does not have. */
  readonly given = new Set<number>()
  /** What it asked for and nobody was to get before. */
  readonly asked = new Set<number>()
  wasSuggested = false
  /** What it held and was sent when it was last looked how much comes to others, and whether it told of what came. */
  whenLooked: { readonly heldBlocks: number; readonly sentBytes: number; readonly isTelling: boolean } | undefined
  /** How far in the news of held blocks it was told. */
  toldUpTo = 0
  toldAtMs = -Infinity
  toldOfPeersAtMs = -Infinity
  heardOfPeersAtMs = -Infinity
  wasToldManifest = false
  wasToldComplete = false

  constructor(control: SwarmLane, peerId: PeerId, role: PeerRole) {
    this.control = control
    this.peerId = peerId
    this.role = role
    this.usefulAtMs = control.openedAtMs
    this.lanes.set(0, control)
  }

  get isComplete(): boolean {
    return this.holdings?.isFull ?? false
  }

  received(nowMs: number, bytes: number): void {
    this.receivedBytes += bytes
    this.usefulAtMs = nowMs
  }

  sent(nowMs: number, bytes: number): void {
    this.sentBytes += bytes
    this.usefulAtMs = nowMs
  }

  has(index: number): boolean {
    return this.holdings?.has(index) ?? false
  }

  /** The number of blocks is known here: what it holds can be counted. */
  size(blockCount: number): void {
    this.holdings = new Bitmap(blockCount)
  }

  /** It holds everything. */
  learnComplete(holders: Holders): void {
    const { holdings } = this
    if (!holdings || this.#holdsEverything) return
    this.#tells(holdings.size)
    holders.completed(holdings)
    this.#holdsEverything = true
    this.holdings = Bitmap.full(holdings.size)
    this.#changed()
  }

  /** It holds these, or no longer; throws BeyondEnd. [EX10] */
  learn(ranges: readonly BlockRange[], isHeld: boolean, holders: Holders | undefined): void {
    const { holdings } = this
    if (!holdings || !holders) throw new BadFrame('it speaks of blocks before the manifest')
    if (ranges.some(({ start, count }) => start + count > holdings.size)) throw new BeyondEnd()
    if (this.#holdsEverything && isHeld) return
    if (this.#holdsEverything && ranges.length > 0) this.#countAgain(holders)
    for (const range of ranges) {
      this.#tells(range.count)
      holders.tell(this.holdings!, range, isHeld)
      if (isHeld) this.offer(range)
    }
    this.#changed()
  }

  /** It would rather give these than others; throws BadFrame or BeyondEnd. [EX16] */
  suggest(nowMs: number, ranges: readonly BlockRange[]): void {
    const blocks = ranges.reduce((sum, { count }) => sum + count, 0)
    if (blocks > suggestedBlocksMax) throw new BadFrame('more is suggested than may be')
    const { holdings } = this
    if (!holdings || ranges.some(({ start, count }) => start + count > holdings.size)) throw new BeyondEnd()
    this.suggests = blocks > 0
    this.isExhausted = false
    this.suggestedAtMs = nowMs
    for (const { start, count } of ranges) {
      for (let index = start; index < start + count; index++) this.suggestions.push(index)
    }
    this.suggestions.splice(0, this.suggestions.length - suggestionsKept)
  }

  /** Something may be open of these blocks that it holds. */
  offer({ start, count }: BlockRange): void {
    const last = segmentOf(start + count - 1)
    for (let segment = segmentOf(start); segment <= last; segment++) {
      if (this.#offered.has(segment)) continue
      this.#offered.add(segment)
      this.offers.push(segment)
    }
  }

  /** Nothing is open there of what it holds. */
  withdrawOffer(place: number): void {
    this.#offered.delete(this.offers[place]!)
    const last = this.offers.pop()!
    if (place < this.offers.length) this.offers[place] = last
  }

  /** It is gone, and with it what it holds. */
  leave(holders: Holders | undefined): void {
    if (this.holdings) holders?.left(this.holdings, this.#holdsEverything)
  }

  /** It held everything and has lost something: from now on each block counts. */
  #countAgain(holders: Holders): void {
    const { size } = this.holdings!
    this.#tells(size)
    holders.left(this.holdings!, true)
    this.#holdsEverything = false
    this.holdings = new Bitmap(size)
    holders.tell(this.holdings, { start: 0, count: size }, true)
    this.offer({ start: 0, count: size })
  }

  /** Each block costs a look: one that says and unsays the same would take all our time. [EX17] */
  #tells(blocks: number): void {
    this.#toldBlocks += blocks
    if (this.#toldBlocks > holdingsToldMax * (this.holdings!.size + rangesPerFrameMax))
      throw new BadFrame('what it holds changes over and over')
  }

  #changed(): void {
    this.isExhausted = false
    this.groupsRefused.clear()
  }
}

/** As the interface sees it. */
export function viewOf(session: Session): SessionView {
  const lanes = [...session.lanes.values()]
  return {
    laneId: session.control.info.laneId,
    laneCount: lanes.length,
    peerId: session.peerId,
    role: session.role,
    complete: session.isComplete,
    isOpen: true,
    inFlightBlocks: lanes.reduce((sum, lane) => sum + lane.inFlight.size, 0),
    windowBytes: lanes.reduce((sum, lane) => sum + lane.window.bytes, 0),
    receivedBytes: session.receivedBytes,
    sentBytes: session.sentBytes
  }
}
