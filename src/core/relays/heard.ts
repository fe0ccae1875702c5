import type { PeerId, SwarmId } from '../ids.ts'
import { announceTtlMs, heardMax, heardPeersMax, peersPerAnswerMax } from '../limits.ts'
import type { TrackedPeer } from '../tracker/types.ts'

interface Heard {
  readonly peer: TrackedPeer
  readonly relay: PeerId
  readonly untilMs: number
}

/** Peers that other relays told of, for those who come later. Bounded by swarm and in all. [RN6] */
export class HeardPeers {
  readonly #swarms = new Map<SwarmId, Map<PeerId, Heard>>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** An answer that is not full names everybody, and takes the place of what this relay said before. */
  note(nowMs: number, swarmId: SwarmId, relay: PeerId, peers: readonly TrackedPeer[], isAnswer: boolean): void {
    if (isAnswer && peers.length < peersPerAnswerMax) this.forget(swarmId, relay)
    const heard = this.#swarms.get(swarmId) ?? new Map<PeerId, Heard>()
    for (const peer of peers) {
      const isNew = !heard.has(peer.peerId)
      if (isNew && (heard.size >= heardPeersMax || this.#count >= heardMax)) break
      heard.set(peer.peerId, { peer, relay, untilMs: nowMs + announceTtlMs })
      if (isNew) this.#count++
    }
    if (heard.size > 0) this.#swarms.set(swarmId, heard)
  }

  /** As many as fit an answer, those that hold everything first. */
  of(nowMs: number, swarmId: SwarmId): TrackedPeer[] {
    const known = [...(this.#swarms.get(swarmId)?.values() ?? [])].filter(({ untilMs }) => untilMs > nowMs)
    const peers = known.map(({ peer }) => peer).sort((a, b) => Number(b.holder) - Number(a.holder))
    return peers.slice(0, peersPerAnswerMax)
  }

  /** What this relay said, or all of them. */
  forget(swarmId: SwarmId, relay?: PeerId): void {
    const heard = this.#swarms.get(swarmId)
    if (!heard) return
    for (const [peerId, { relay: by }] of heard) {
      if (relay === undefined || by === relay) {
        heard.delete(peerId)
        this.#count--
      }
    }
    if (heard.size === 0) this.#swarms.delete(swarmId)
  }
}
