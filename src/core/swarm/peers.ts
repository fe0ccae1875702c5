import type { PeerId } from '../ids.ts'
import { backoffMs, backoffMsMax, banMs, peersDialledMax } from '../limits.ts'

interface KnownPeer {
  state: 'known' | 'dialling' | 'connected'
  failures: number
  notBeforeMs: number
}

/** The most peers that are remembered for one data set; the oldest unused go first. */
const knownPeersMax = 256

/** Whom to dial, and when again: the one place that decides it for a data set. [SW7] */
export class Peers {
  readonly #known = new Map<PeerId, KnownPeer>()

  found(peerIds: readonly PeerId[]): void {
    for (const peerId of peerIds) {
      if (this.#known.has(peerId)) continue
      if (this.#known.size >= knownPeersMax) this.#forgetOne()
      this.#known.set(peerId, { state: 'known', failures: 0, notBeforeMs: 0 })
    }
  }

  connected(peerId: PeerId): void {
    this.found([peerId])
    const peer = this.#known.get(peerId)
    if (peer) peer.state = 'connected'
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
    peer.notBeforeMs = Math.max(peer.notBeforeMs, nowMs + restMs)
  }

  ban(nowMs: number, peerId: PeerId): void {
    this.found([peerId])
    const peer = this.#known.get(peerId)
    if (peer) peer.notBeforeMs = nowMs + banMs
  }

  isBanned(nowMs: number, peerId: PeerId): boolean {
    return (this.#known.get(peerId)?.notBeforeMs ?? 0) - nowMs > backoffMsMax
  }

  /** Peers to dial now, so that at most `peersDialledMax` are dialled or connected. */
  toDial(nowMs: number): PeerId[] {
    const busy = [...this.#known.values()].filter((peer) => peer.state !== 'known').length
    const due = [...this.#known].filter(([, peer]) => peer.state === 'known' && peer.notBeforeMs <= nowMs)
    const chosen = due.slice(0, Math.max(0, peersDialledMax - busy))
    for (const [, peer] of chosen) peer.state = 'dialling'
    return chosen.map(([peerId]) => peerId)
  }

  /** When the next resting peer may be dialled. */
  wakeAtMs(nowMs: number): number {
    let earliest = Infinity
    for (const peer of this.#known.values()) {
      if (peer.state === 'known' && peer.notBeforeMs > nowMs) earliest = Math.min(earliest, peer.notBeforeMs)
    }
    return earliest
  }

  #forgetOne(): void {
    for (const [peerId, peer] of this.#known) {
      if (peer.state === 'known') {
        this.#known.delete(peerId)
        return
      }
    }
  }
}
