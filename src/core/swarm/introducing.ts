import type { PeerRecord } from '../exchange/types.ts'
import { peersTellMs, peersToldMax } from '../limits.ts'
import type { Peers } from './peers.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/** Peers tell of peers, so that a swarm goes on when every relay is gone. [SW16] */
export class Introducing {
  readonly #state: SwarmState
  readonly #peers: Peers
  #self: PeerRecord | undefined
  /** Nobody is to be told before this. */
  #tellAtMs = Infinity

  constructor(state: SwarmState, peers: Peers) {
    this.#state = state
    this.#peers = peers
  }

  /** How we can be reached ourselves. */
  setSelf(self: PeerRecord): void {
    this.#self = self
  }

  /** Somebody greeted. */
  began(): void {
    this.#tellAtMs = -Infinity
  }

  /** What comes too often is passed over: it is no lie, and it costs nothing. */
  hear(session: Session, peers: readonly PeerRecord[]): void {
    const { nowMs } = this.#state
    if (nowMs - session.heardOfPeersAtMs < peersTellMs / 2) return
    session.heardOfPeersAtMs = nowMs
    this.#peers.heardOf(peers.filter(({ peerId }) => peerId !== session.control.info.localPeerId))
  }

  tell(): void {
    const { sessions, nowMs, isComplete } = this.#state
    if (this.#tellAtMs > nowMs) return
    this.#tellAtMs = Infinity
    for (const session of sessions.values()) {
      if ((session.isComplete && isComplete) || !session.holdings) continue // neither seeks anybody
      if (session.toldOfPeersAtMs + peersTellMs <= nowMs) this.#tellOne(session)
      this.#tellAtMs = Math.min(this.#tellAtMs, session.toldOfPeersAtMs + peersTellMs)
    }
  }

  wakeAtMs(): number {
    return this.#tellAtMs
  }

  /** Ourselves, and, if it seeks any, some that we are connected to, drawn at random. */
  #tellOne(session: Session): void {
    session.toldOfPeersAtMs = this.#state.nowMs
    const met = session.isComplete ? [] : [...this.#state.sessions.keys()]
    const others = met.filter((peerId) => peerId !== session.peerId)
    const told: PeerRecord[] = this.#self ? [this.#self] : []
    let at = Math.floor(this.#state.options.random() * others.length)
    for (let i = 0; i < others.length && told.length < peersToldMax; i++) {
      const peerId = others[at++ % others.length]!
      const record = this.#peers.recordOf(peerId)
      if (record) told.push({ peerId, record })
    }
    if (told.length === 0) return
    this.#state.emit({ type: 'send', laneId: session.control.info.laneId, frame: { type: 'peers', peers: told } })
  }
}
