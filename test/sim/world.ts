import type { PeerId } from '../../src/core/ids.ts'
import { luckOf } from '../support/seeded.ts'
import { Events } from './events.ts'
import { type PeerOptions, SimPeer } from './peer.ts'
import type { Tokens } from './tokens.ts'
import { SimTracker } from './trackers.ts'
import { laneBetween } from './wire.ts'

/** A connection is made in this time and four ways over the path. */
const connectMs = 150
/** Found out after this that there is no way. */
const unreachableMs = 6_000

/** What can go wrong in a world, and what comes of it. */
export type Incident =
  | 'left'
  | 'crashed'
  | 'returned with its disk'
  | 'disk full'
  | 'no way to connect'
  | 'message lost'
  | 'relays died'
  | 'lane broken by a partition'
  | 'lane across a healed partition'
  | 'liar dropped'
  | 'silent peer dropped'

export interface WorldOptions {
  readonly trackers?: number
  /** Nothing takes less from one peer to another; 2 unless it says otherwise. */
  readonly apartMs?: number
  /** Some connections take so much longer than others, by chance. */
  readonly meetMs?: number
}

/** A data set, trackers, and the peers that come and go. One seed decides everything. */
export class World {
  readonly events: Events
  readonly tokens: Tokens
  readonly random: () => number
  readonly trackers: SimTracker[]
  readonly peers = new Map<PeerId, SimPeer>()
  /** Everyone that ever took part. */
  readonly all: SimPeer[] = []
  /** What went wrong, and what came of it, each counted. */
  readonly seen = new Map<Incident, number>()
  readonly #meetMs: number
  #sideOf: ((peer: SimPeer) => number) | undefined
  /** Sides of a partition that is over. */
  #healedSideOf: ((peer: SimPeer) => number) | undefined
  #lacking = 0

  constructor(seed: number, tokens: Tokens, { trackers = 1, apartMs = 2, meetMs = 0 }: WorldOptions = {}) {
    this.events = new Events(apartMs)
    this.tokens = tokens
    this.#meetMs = meetMs
    this.random = luckOf(seed * 7919 + 13)
    for (let i = 0; i < 20; i++) this.random()
    this.trackers = Array.from({ length: trackers }, () => new SimTracker(this))
  }

  join(name: string, options: PeerOptions, disk?: SimPeer['disk']): SimPeer {
    const peer = new SimPeer(name as PeerId, this, options, disk)
    this.peers.set(peer.peerId, peer)
    this.all.push(peer)
    if (!peer.isComplete) this.#lacking++
    for (const tracker of this.trackers) tracker.join(peer)
    return peer
  }

  note(incident: Incident): void {
    this.seen.set(incident, (this.seen.get(incident) ?? 0) + 1)
  }

  /** Peers here that lack something. */
  get lacking(): number {
    return this.#lacking
  }

  left(peer: SimPeer): void {
    this.peers.delete(peer.peerId)
    if (!peer.isComplete) this.#lacking--
    for (const tracker of this.trackers) tracker.left(peer)
  }

  completed(peer: SimPeer): void {
    this.#lacking--
    for (const tracker of this.trackers) tracker.join(peer)
  }

  /** Peers on different sides cannot reach each other from now on; what they had between them breaks. */
  part(sideOf: ((peer: SimPeer) => number) | undefined): void {
    this.#healedSideOf = this.#sideOf
    this.#sideOf = sideOf
    for (const peer of this.peers.values()) {
      for (const end of peer.lanes.values()) {
        if (this.canReach(peer, end.other.owner as SimPeer)) continue
        this.note('lane broken by a partition')
        peer.lose(end)
      }
    }
  }

  canReach(one: SimPeer, other: SimPeer): boolean {
    if (this.#sideOf && this.#sideOf(one) !== this.#sideOf(other)) return false
    return !(one.options.isBehindHardNat && other.options.isBehindHardNat)
  }

  connect(from: SimPeer, peerId: PeerId): void {
    const target = this.peers.get(peerId)
    const ways = 4 * (from.options.line.latencyMs + (target?.options.line.latencyMs ?? 50))
    const isReachable = target !== undefined && this.canReach(from, target)
    if (target && !isReachable) this.note('no way to connect')
    const meetMs = this.#meetMs > 0 ? this.#meetMs * this.random() : 0
    this.events.after(isReachable ? connectMs + ways + meetMs : unreachableMs, () => {
      if (from.isGone) return
      if (!target || !isReachable || target.isGone || !this.canReach(from, target))
        return from.turn({ type: 'connect-failed', peerId })
      if (this.#healedSideOf && this.#healedSideOf(from) !== this.#healedSideOf(target))
        this.note('lane across a healed partition')
      const [outbound, inbound] = laneBetween(from, target)
      target.opened(inbound, from.peerId, 'inbound')
      from.opened(outbound, target.peerId, 'outbound')
    })
  }

  /** Runs until a condition holds; throws when it does not in time. */
  until(holds: () => boolean, withinMs: number, what: string): void {
    const endMs = this.events.nowMs + withinMs
    while (!holds()) {
      if (!this.events.step(endMs)) throw new Error(`${what}: not within ${withinMs / 1000} s`)
    }
  }

  /** Lets time pass. */
  pass(durationMs: number): void {
    this.events.pass(durationMs)
  }
}
