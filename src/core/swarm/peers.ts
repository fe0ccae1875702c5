import type { PeerRecord } from '../exchange/types.ts'
import type { PeerId } from '../ids.ts'
import {
  backoffMs,
  backoffMsMax,
  banMs,
  dialMoreMs,
  knownPeersMax,
  peersDialledMax,
  peersTradedMax
} from '../limits.ts'
import type { DialledPeer, FoundPeer } from './types.ts'

interface KnownPeer {
  /** How to reach it; one that came to us by itself may be known without. */
  record: Uint8Array | undefined
  /** Whether it holds everything, as a tracker says; one that does not looks for peers itself. */
  holder: boolean | undefined
  state: 'known' | 'dialling' | 'connected'
  failures: number
  /** When it was last lost, or could not be reached. */
  lostAtMs: number
  notBeforeMs: number
  bannedUntilMs: number
}

/** Whom to dial, and when again: the one place that decides it for a data set. [SW10] */
export class Peers {
  readonly #known = new Map<PeerId, KnownPeer>()
  /** Peers that are dialled or connected. */
  #busy = 0
  /** Nobody can be dialled before this. */
  #dialAtMs = Infinity
  /** No peer beyond `peersDialledMax` is dialled before this. */
  #moreAtMs = -Infinity

  /** News of a peer that rests means that it may be back: it is tried again soon, unless it lied. */
  found(peers: readonly FoundPeer[]): void {
    for (const { peerId, record, holder } of peers) {
      const peer = this.#known.get(peerId) ?? this.#add(peerId)
      peer.record = record
      peer.holder = holder
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

  connected(peerId: PeerId): void {
    const peer = this.#known.get(peerId) ?? this.#add(peerId)
    this.#set(peer, 'connected')
  }

  /** It worked: earlier failures no longer count. */
  proved(peerId: PeerId): void {
    const peer = this.#known.get(peerId)
    if (peer) peer.failures = 0
  }

  disconnected(nowMs: number, peerId: PeerId, failed: boolean): void {
    const peer = this.#known.get(peerId)
    if (!peer) return
    this.#set(peer, 'known')
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
   * Peers to dial now: until `peersDialledMax` are dialled or connected; then, as long as peers trade, one at a time
   * until `peersTradedMax` are.
   */
  toDial(nowMs: number, isTrading: () => boolean): DialledPeer[] {
    const chosen: DialledPeer[] = []
    if (nowMs < this.wakeAtMs()) return chosen
    const most = this.#most(nowMs, isTrading)
    if (most <= this.#busy) return chosen
    this.#dialAtMs = Infinity
    for (const [peerId, peer] of this.#known) {
      const { record } = peer
      const seeks = peer.holder === false
      if (peer.state !== 'known' || !record) continue
      if (dueAtMs(peer) > nowMs || this.#busy >= most) {
        this.#dialAtMs = Math.min(this.#dialAtMs, dueAtMs(peer))
        continue
      }
      this.#set(peer, 'dialling')
      chosen.push({ peerId, record, seeks, canWait: seeks && this.#knowsHolder() })
    }
    // Those with every block first: they call nobody, and have most to give.
    return chosen.sort((one, other) => Number(one.seeks) - Number(other.seeks))
  }

  /** When the next resting peer may be dialled. */
  wakeAtMs(): number {
    if (this.#busy < peersDialledMax) return this.#dialAtMs
    return this.#busy < peersTradedMax ? Math.max(this.#dialAtMs, this.#moreAtMs) : Infinity
  }

  #most(nowMs: number, isTrading: () => boolean): number {
    this.#moreAtMs = nowMs + dialMoreMs
    if (this.#busy < peersDialledMax) return peersDialledMax
    return isTrading() ? this.#busy + 1 : 0
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
      state: 'known',
      failures: 0,
      lostAtMs: 0,
      notBeforeMs: 0,
      bannedUntilMs: 0
    }
    this.#known.set(peerId, peer)
    return peer
  }

  #forgetOne(): void {
    for (const [peerId, peer] of this.#known) {
      if (peer.state === 'known' && peer.bannedUntilMs === 0) return void this.#known.delete(peerId)
    }
    for (const [peerId, peer] of this.#known) {
      if (peer.state === 'known') return void this.#known.delete(peerId)
    }
  }
}

const dueAtMs = (peer: KnownPeer): number => Math.max(peer.notBeforeMs, peer.bannedUntilMs)
