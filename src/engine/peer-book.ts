import type { LaneId, PeerId } from '../core/ids.ts'
import type { SessionView } from '../core/swarm/types.ts'
import type { ConnectionKind } from '../network/types.ts'
import { RateMeter, rateWindowMs } from './rate.ts'
import type { PeerView } from './types.ts'
import type { Timers } from './watch.ts'

/** Colours that tell peers apart on a screen. */
const pigments = 8
/** A fetch that got something so lately is still under way, even between two requests. */
const freshMs = 1500
/** Between two looks at rates that sink. */
const fadeStepMs = 500

interface Entry {
  pigment: number
  received: RateMeter
  sent: RateMeter
}

/** Who sent what, how fast, and in which colour: for the interface only. */
export class PeerBook {
  readonly #timers: Timers
  readonly #entries = new Map<PeerId, Entry>()
  readonly #owners = new Map<number, number>()
  #received = new RateMeter()
  #pigmentsGiven = 0
  #lastReceivedMs = -Infinity
  #lastSentMs = -Infinity

  constructor(timers: Timers) {
    this.#timers = timers
  }

  get receivedBytesPerSecond(): number {
    return this.#received.bytesPerSecond(this.#timers.nowMs())
  }

  get isFresh(): boolean {
    return this.#timers.nowMs() - this.#lastReceivedMs < freshMs
  }

  /** When what it tells is another though nothing happens: rates sink to nothing, and a fetch stops being under way. */
  get fadesAtMs(): number {
    const nowMs = this.#timers.nowMs()
    const isStill = nowMs - Math.max(this.#lastReceivedMs, this.#lastSentMs) > rateWindowMs + fadeStepMs
    return isStill ? Infinity : (Math.floor(nowMs / fadeStepMs) + 1) * fadeStepMs
  }

  /** Nothing is under way any more; what came keeps its colours. */
  rest(): void {
    this.#lastReceivedMs = this.#lastSentMs = -Infinity
    this.#received = new RateMeter()
    for (const entry of this.#entries.values()) {
      entry.received = new RateMeter()
      entry.sent = new RateMeter()
    }
  }

  /** Returns whether it is the first block of this peer. */
  received(peerId: PeerId, index: number, bytes: number): boolean {
    const nowMs = this.#timers.nowMs()
    const entry = this.#entry(peerId)
    const isFirst = entry.pigment === 0
    if (isFirst) entry.pigment = (this.#pigmentsGiven++ % pigments) + 1
    entry.received.add(nowMs, bytes)
    this.#received.add(nowMs, bytes)
    this.#lastReceivedMs = nowMs
    this.#owners.set(index, entry.pigment)
    return isFirst
  }

  sent(peerId: PeerId, bytes: number): void {
    this.#lastSentMs = this.#timers.nowMs()
    this.#entry(peerId).sent.add(this.#lastSentMs, bytes)
  }

  pigmentOfBlock(index: number): number {
    return this.#owners.get(index) ?? 0
  }

  views(sessions: readonly SessionView[], kindOf: (laneId: LaneId) => ConnectionKind | undefined): PeerView[] {
    const nowMs = this.#timers.nowMs()
    return sessions
      .filter((session) => session.isOpen)
      .map((session) => {
        const { pigment, received, sent } = this.#entry(session.peerId)
        return {
          peerId: session.peerId,
          pigment,
          kind: kindOf(session.laneId) ?? 'direct',
          role: session.role,
          complete: session.complete,
          receivedBytesPerSecond: received.bytesPerSecond(nowMs),
          sentBytesPerSecond: sent.bytesPerSecond(nowMs)
        }
      })
  }

  #entry(peerId: PeerId): Entry {
    let entry = this.#entries.get(peerId)
    if (!entry) this.#entries.set(peerId, (entry = { pigment: 0, received: new RateMeter(), sent: new RateMeter() }))
    return entry
  }
}
