import type { LaneInfo, PeerRecord } from '../exchange/types.ts'
import type { PeerId } from '../ids.ts'
import {
  backoffMs,
  backoffMsMax,
  banMs,
  dialMoreMs,
  knownPeersMax,
  peersDialledMax,
  peersTradedMax,
  sessionsMax,
  stallTimeoutMs
} from '../limits.ts'
import { SlowLook } from './slow.ts'
import type { DialledPeer, FoundPeer } from './types.ts'

interface KnownPeer {
  /** How to reach it; one that came to us by itself may be known without. */
  record: Uint8Array | undefined
  /** Whether it holds everything, as a tracker says; one that does not looks for peers itself. */
  holder: boolean | undefined
  /** A tracker told of it, or it was met before. */
  isTold: boolean
  state: 'known' | 'dialling' | 'connected'
  /** It was dialled, whoever of the two was first; not only taken since it came by itself. */
  isSought: boolean
  failures: number
  /** When it was last lost, or could not be reached. */
  lostAtMs: number
  notBeforeMs: number
  dialledAtMs: number
  /** When it last gave a block, or was reached. */
  gaveAtMs: number
  bannedUntilMs: number
}

/** How it goes with those that are connected, for when that decides whether more are dialled. */
export interface Standing {
  /** They give each other what each of them lacks. */
  readonly isTrading: () => boolean
  /** Nothing is on its way of what is lacking, and something could be. */
  readonly isStarved: () => boolean
  /** Something is. */
  readonly isOwed: () => boolean
}

/** Whom to dial, and when again: the one place that decides it for a data set. [SW10] */
export class Peers {
  readonly #known = new Map<PeerId, KnownPeer>()
  /** Peers that are dialled or connected. */
  #busy = 0
  /** Nobody can be dialled before this. */
  #dialAtMs = Infinity
  /** One that a tracker told of was dialled last. */
  #heardNext = false
  /** When it was last looked whether more than `peersDialledMax` are dialled. */
  #lookedAtMs = -Infinity
  readonly #slow = new SlowLook()

  /** News of a peer that rests means that it may be back: it is tried again soon, unless it lied. */
  found(peers: readonly FoundPeer[]): void {
    for (const { peerId, record, holder } of peers) {
      const peer = this.#known.get(peerId) ?? this.#add(peerId)
      peer.record = record
      peer.holder = holder
      peer.isTold = true
      peer.notBeforeMs = Math.min(peer.notBeforeMs, peer.lostAtMs + backoffMs)
    }
    this.#dialAtMs = -Infinity
  }

  /** What peers tell of others fills gaps alone: a record that a tracker checked is not replaced, a rest not cut. */
  heardOf(peers: readonly PeerRecord[]): void {
    for (const { peerId, record } of peers) {
      const peer = this.#known.get(peerId) ?? this.#add(peerId)
      peer.record ??= record
    }
    this.#dialAtMs = -Infinity
  }

  /** Peers that are dialled and did not fail when they were last. */
  get hopefulDials(): number {
    return this.#known
      .values()
      .filter(({ state, failures }) => state === 'dialling' && failures === 0)
      .toArray().length
  }

  recordOf(peerId: PeerId): Uint8Array | undefined {
    return this.#known.get(peerId)?.record
  }

  /** One that came by itself is none of those that may give until it does: any number may come. */
  connected(nowMs: number, { peerId, direction }: LaneInfo): void {
    const peer = this.#known.get(peerId) ?? this.#add(peerId)
    peer.isSought ||= direction === 'outbound'
    if (peer.state !== 'connected' && peer.isSought) peer.gaveAtMs = nowMs
    this.#set(peer, 'connected')
  }

  isSought(peerId: PeerId): boolean {
    return this.#known.get(peerId)?.isSought ?? false
  }

  /** It gave something: earlier failures no longer count. */
  proved(nowMs: number, peerId: PeerId, blocks: readonly Uint8Array[]): void {
    this.#slow.received(blocks)
    const peer = this.#known.get(peerId)
    if (!peer) return
    peer.failures = 0
    peer.gaveAtMs = nowMs
  }

  disconnected(nowMs: number, peerId: PeerId, failed: boolean): void {
    const peer = this.#known.get(peerId)
    if (!peer) return
    this.#set(peer, 'known')
    peer.isSought = false
    if (failed) peer.failures++
    const restMs = Math.min(backoffMsMax, backoffMs * 2 ** Math.max(0, peer.failures - 1))
    peer.lostAtMs = nowMs
    peer.notBeforeMs = nowMs + restMs
  }

  /** It was lost by no fault of its own: it need not rest. */
  seekAgain(peerId: PeerId): void {
    const peer = this.#known.get(peerId)
    if (peer) peer.notBeforeMs = -Infinity
  }

  ban(nowMs: number, peerId: PeerId): void {
    const peer = this.#known.get(peerId) ?? this.#add(peerId)
    peer.bannedUntilMs = nowMs + banMs
  }

  isBanned(nowMs: number, peerId: PeerId): boolean {
    return (this.#known.get(peerId)?.bannedUntilMs ?? 0) > nowMs
  }

  /**
   * Peers to dial now, those that failed least and longest ago first: until `peersDialledMax` are dialled or connected;
   * then, as long as peers trade, one at a time until `peersTradedMax` are, or, while nobody gives, as many that might,
   * and now and then one more while all give little: one by one and seldom where every place is taken, since somebody of
   * no use gives way to it.
   */
  toDial(nowMs: number, standing: Standing): DialledPeer[] {
    const chosen: DialledPeer[] = []
    if (nowMs < this.wakeAtMs()) return chosen
    const most = this.#most(nowMs, standing)
    if (most <= this.#busy) return chosen
    this.#dialAtMs = Infinity
    const known = [...this.#known].filter(([, { state, record }]) => state === 'known' && record).sort(byHope)
    for (const [peerId, peer] of this.#inTurn(known.filter(([, peer]) => dueAtMs(peer) <= nowMs))) {
      if (this.#busy >= most) break
      const seeks = peer.holder === false
      this.#set(peer, 'dialling')
      peer.isSought = true
      this.#heardNext = peer.isTold
      peer.dialledAtMs = nowMs
      chosen.push({ peerId, record: peer.record!, seeks, canWait: seeks && this.#knowsHolder() })
    }
    for (const [, peer] of known) if (peer.state === 'known') this.#dialAtMs = Math.min(this.#dialAtMs, dueAtMs(peer))
    // Those with every block first: they call nobody, and have most to give.
    return chosen.sort((one, other) => Number(one.seeks) - Number(other.seeks))
  }

  /** When the next resting peer may be dialled. */
  wakeAtMs(): number {
    if (this.#busy < peersDialledMax) return this.#dialAtMs
    if (this.#busy > sessionsMax) return Infinity
    return Math.max(this.#dialAtMs, this.#lookedAtMs + (this.#busy < sessionsMax ? dialMoreMs : stallTimeoutMs))
  }

  #most(nowMs: number, { isTrading, isStarved, isOwed }: Standing): number {
    this.#lookedAtMs = nowMs
    const hasRoom = this.#busy < peersDialledMax
    const isAsking = isOwed() || isStarved()
    if (hasRoom || !isAsking) this.#slow.reset()
    if (hasRoom) return peersDialledMax
    const isFew = this.#busy < peersTradedMax && isTrading()
    const isLacking = isFew || (isStarved() && this.#givers(nowMs) < peersDialledMax)
    return isLacking || (isAsking && this.#slow.isSlow(nowMs)) ? this.#busy + 1 : 0
  }

  /** Those that trackers told of and those that peers told of in turn: anybody can invent any number of the latter. */
  *#inTurn(due: readonly Known[]): Generator<Known> {
    const told = due.filter(([, peer]) => peer.isTold)
    const heard = due.filter(([, peer]) => !peer.isTold)
    for (const _ of due) yield ((this.#heardNext && heard.shift()) || told.shift() || heard.shift())!
  }

  /** Those that gave something of late, or still may. */
  #givers(nowMs: number): number {
    let givers = 0
    for (const { state, gaveAtMs } of this.#known.values())
      if (state === 'dialling' || (state === 'connected' && nowMs < gaveAtMs + stallTimeoutMs)) givers++
    return givers
  }

  /** One that holds everything, and did not fail when it was last dialled. */
  #knowsHolder(): boolean {
    return this.#known.values().some(({ holder, failures }) => holder === true && failures === 0)
  }

  #set(peer: KnownPeer, state: KnownPeer['state']): void {
    this.#busy += Number(state !== 'known') - Number(peer.state !== 'known')
    if (state === 'known') this.#dialAtMs = -Infinity
    peer.state = state
  }

  #add(peerId: PeerId): KnownPeer {
    if (this.#known.size >= knownPeersMax) this.#forgetOne()
    const peer: KnownPeer = {
      record: undefined,
      holder: undefined,
      isTold: false,
      state: 'known',
      isSought: false,
      failures: 0,
      lostAtMs: 0,
      notBeforeMs: 0,
      dialledAtMs: 0,
      gaveAtMs: -Infinity,
      bannedUntilMs: 0
    }
    this.#known.set(peerId, peer)
    return peer
  }

  /** The oldest, of those first that only peers told of; who lied is remembered longest. */
  #forgetOne(): void {
    let least: PeerId | undefined
    let leastWorth = Infinity
    for (const [peerId, { state, isTold, bannedUntilMs }] of this.#known) {
      const worth = state === 'known' ? Number(isTold) + 2 * Number(bannedUntilMs > 0) : Infinity
      if (worth >= leastWorth) continue
      least = peerId
      leastWorth = worth
      if (worth === 0) break // none is worth less
    }
    if (least !== undefined) this.#known.delete(least)
  }
}

const dueAtMs = (peer: KnownPeer): number => Math.max(peer.notBeforeMs, peer.bannedUntilMs)

type Known = [PeerId, KnownPeer]

/** Those that failed least come first, then who was dialled longest ago. */
const byHope = ([, one]: Known, [, other]: Known): number =>
  one.failures - other.failures || one.dialledAtMs - other.dialledAtMs
