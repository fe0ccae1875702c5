import type { PeerId } from '../ids.ts'
import { backoffMs, backoffMsMax, banMs, knownPeersMax, peersDialledMax } from '../limits.ts'

interface KnownPeer {
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

  /** News of a peer that rests means that it may be back: it is tried again soon, unless it lied. */
  found(peerIds: readonly PeerId[]): void {
    for (const peerId of peerIds) {
      const peer = this.#known.get(peerId)
      if (peer) peer.notBeforeMs = Math.min(peer.notBeforeMs, peer.lostAtMs + backoffMs)
      else this.#add(peerId)
    }
  }

  connected(peerId: PeerId): void {
    const peer = this.#known.get(peerId) ?? this.#add(peerId)
    peer.state = 'connected'
  }

  /** It worked: earlier failures no longer count. */
  proved(peerId: PeerId): void {
    const peer = this.#known.get(peerId)
    if (peer) peer.failures = 0
  }

  disconnected(nowMs: number, peerId: PeerId, failed: boolean): void {
    const peer = this.#known.get(peerId)
    if (!peer) return
    peer.state = 'known'
    if (failed) peer.failures++
    const restMs = Math.min(backoffMsMax, backoffMs * 2 ** Math.max(0, peer.failures - 1))
    peer.lostAtMs = nowMs
    peer.notBeforeMs = nowMs + restMs
  }

  ban(nowMs: number, peerId: PeerId): void {
    const peer = this.#known.get(peerId) ?? this.#add(peerId)
    peer.bannedUntilMs = nowMs + banMs
  }

  isBanned(nowMs: number, peerId: PeerId): boolean {
    return (this.#known.get(peerId)?.bannedUntilMs ?? 0) > nowMs
  }

  /** Peers to dial now, so that at most `peersDialledMax` are dialled or connected. */
  toDial(nowMs: number): PeerId[] {
    const chosen: PeerId[] = []
    let busy = 0
    for (const peer of this.#known.values()) if (peer.state !== 'known') busy++
    for (const [peerId, peer] of this.#known) {
      if (busy >= peersDialledMax) break
      if (peer.state !== 'known' || dueAtMs(peer) > nowMs) continue
      peer.state = 'dialling'
      busy++
      chosen.push(peerId)
    }
    return chosen
  }

  /** When the next resting peer may be dialled. */
  wakeAtMs(nowMs: number): number {
    let earliest = Infinity
    for (const peer of this.#known.values()) {
      if (peer.state === 'known' && dueAtMs(peer) > nowMs) earliest = Math.min(earliest, dueAtMs(peer))
    }
    return earliest
  }

  #add(peerId: PeerId): KnownPeer {
    if (this.#known.size >= knownPeersMax) this.#forgetOne()
    const peer: KnownPeer = { state: 'known', failures: 0, lostAtMs: 0, notBeforeMs: 0, bannedUntilMs: 0 }
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
