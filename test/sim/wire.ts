import { frameBytes } from '../../src/core/exchange/codec.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import type { LaneId } from '../../src/core/ids.ts'
import { laneBufferBytesMax } from '../../src/core/limits.ts'
import { type Events, Timeline } from './events.ts'

/** How a peer hangs on the network. */
export interface Line {
  /** Bytes a millisecond. */
  readonly up: number
  readonly down: number
  /** Its part of the way to any other. */
  readonly latencyMs: number
  /** How much a message may come later than another at the same time: lanes overtake each other. */
  readonly jitterMs: number
  /** Share of messages that are lost and come again, late. */
  readonly loss: number
  /** It shares its processors with others that have the same. */
  readonly machine?: Machine
}

/** What all peers of one machine have together: what anybody sends passes it, message by message. */
export class Machine {
  readonly #bytesPerMs: number
  #freeMs = 0

  constructor(bytesPerMs: number) {
    this.#bytesPerMs = bytesPerMs
  }

  /** How long it takes until this has passed as well. */
  pass(nowMs: number, bytes: number): number {
    this.#freeMs = Math.max(this.#freeMs, nowMs) + bytes / this.#bytesPerMs
    return this.#freeMs - nowMs
  }
}

/** Whoever holds an end of a lane. */
export interface LaneOwner {
  readonly wire: Wire
  onFrame(end: LaneEnd, frame: KnownFrame): void
  onDrained(end: LaneEnd): void
  onClosed(end: LaneEnd): void
}

export interface LaneEnd {
  readonly laneId: LaneId
  readonly owner: LaneOwner
  other: LaneEnd
  isOpen: boolean
  /** Given to the lane and not yet gone out. */
  readonly queue: KnownFrame[]
  queuedBytes: number
  /** It stands in the row of those that have something to send, or is sending: once, however much it has. */
  isInTurn: boolean
  isBlocked: boolean
  /** Nothing that is sent from here arrives before this: a lane keeps its order. */
  arrivesMs: number
  /** Nothing that arrives here has come in whole before this. */
  cameMs: number
}

/** A message this small goes between those of other lanes without waiting for its turn. */
const smallBytes = 2048

let lastLane = 0

/**
 * One peer's line. Lanes share the uplink message by message in turn, and the downlink in the order of arrival; loss
 * is delay, and what comes after on the same lane waits for what was lost.
 */
export class Wire {
  readonly line: Line
  /** What happens to whoever has this line. */
  readonly timeline: Timeline
  sentBytes = 0
  sentFrames = 0
  /** Messages that were lost once. */
  lost = 0
  readonly #events: Events
  readonly #random: () => number
  /** Lanes with something to send, in turn. */
  readonly #sending: LaneEnd[] = []
  #isSending = false
  #downFreeMs = 0

  constructor(line: Line, events: Events, random: () => number) {
    this.line = line
    this.timeline = new Timeline(events)
    this.#events = events
    this.#random = random
  }

  /** Returns whether the lane takes more. */
  send(end: LaneEnd, frame: KnownFrame): boolean {
    if (!end.isOpen) return true
    const bytes = frameBytes(frame)
    this.sentFrames++
    this.sentBytes += bytes
    if (bytes < smallBytes && end.queue.length === 0) {
      this.#arrive(end, frame, bytes)
      return true
    }
    end.queue.push(frame)
    end.queuedBytes += bytes
    if (!end.isInTurn) this.#sending.push(end)
    end.isInTurn = true
    this.#next()
    end.isBlocked = end.queuedBytes > laneBufferBytesMax
    return !end.isBlocked
  }

  /** What is not gone out yet is cut, but for short words; the other side hears of it. */
  close(end: LaneEnd, afterMs: number): void {
    if (!end.isOpen) return
    for (const frame of end.queue) if (frame.type === 'bye') this.#arrive(end, frame, 0)
    end.isOpen = false
    end.queue.length = 0
    const { other } = end
    const atMs = Math.max(end.arrivesMs, this.#events.nowMs + afterMs + this.#latencyMs(end))
    this.#at(other, atMs, () => {
      other.isOpen = false
      other.queue.length = 0
      other.owner.onClosed(other)
    })
  }

  #next(): void {
    if (this.#isSending) return
    let turn = this.#sending.shift()
    while (turn?.isOpen === false) turn = this.#sending.shift()
    if (!turn) return
    const end = turn
    const frame = end.queue.shift()!
    const bytes = frameBytes(frame)
    this.#isSending = true
    const { up, machine } = this.line
    const sendMs = Math.max(bytes / up, machine?.pass(this.#events.nowMs, bytes) ?? 0)
    this.timeline.after(sendMs, () => {
      this.#isSending = false
      if (end.isOpen) this.#sent(end, frame, bytes)
      this.#next()
    })
  }

  #sent(end: LaneEnd, frame: KnownFrame, bytes: number): void {
    end.queuedBytes -= bytes
    end.isInTurn = end.queue.length > 0
    if (end.isInTurn) this.#sending.push(end)
    this.#arrive(end, frame, bytes)
    if (!end.isBlocked || end.queuedBytes > laneBufferBytesMax / 2) return
    end.isBlocked = false
    end.owner.onDrained(end)
  }

  #arrive(end: LaneEnd, frame: KnownFrame, bytes: number): void {
    const { other } = end
    let atMs = this.#events.nowMs + this.#latencyMs(end)
    if (this.line.jitterMs > 0) atMs += this.#random() * this.line.jitterMs
    if (this.line.loss > 0 && this.#random() < this.line.loss) {
      this.lost++
      atMs += 2 * this.#latencyMs(end) + 50
    }
    end.arrivesMs = atMs = Math.max(atMs, end.arrivesMs)
    this.#at(other, atMs, () => other.owner.onFrame(other, frame), bytes < smallBytes ? 0 : bytes)
  }

  /** Something happens at an end, if that is still open, once what arrives at a time has come in whole. */
  #at(end: LaneEnd, atMs: number, run: () => void, bytes = 0): void {
    const { wire } = end.owner
    const happens = () => {
      if (end.isOpen) run()
    }
    wire.timeline.at(atMs, () => {
      end.cameMs = Math.max(end.cameMs, bytes > 0 ? wire.#takeIn(bytes) : 0)
      if (end.cameMs < this.#events.nowMs) happens()
      else wire.timeline.at(end.cameMs, happens)
    })
  }

  /** When something that arrives now has come in whole. */
  #takeIn(bytes: number): number {
    this.#downFreeMs = Math.max(this.#downFreeMs, this.#events.nowMs) + bytes / this.line.down
    return this.#downFreeMs
  }

  #latencyMs({ other }: LaneEnd): number {
    return this.line.latencyMs + other.owner.wire.line.latencyMs
  }
}

/** A lane between two peers; both ends are open. */
export function laneBetween(one: LaneOwner, two: LaneOwner): [LaneEnd, LaneEnd] {
  const [a, b] = [endOf(one), endOf(two)]
  a.other = b
  b.other = a
  return [a, b]
}

function endOf(owner: LaneOwner): LaneEnd {
  const laneId = ++lastLane as LaneId
  const end = {
    laneId,
    owner,
    isOpen: true,
    queue: [],
    queuedBytes: 0,
    isInTurn: false,
    isBlocked: false,
    arrivesMs: 0,
    cameMs: 0
  }
  return end as unknown as LaneEnd
}
