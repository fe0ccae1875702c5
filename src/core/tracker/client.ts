import type { PeerRole } from '../exchange/types.ts'
import type { SwarmId } from '../ids.ts'
import { announceTtlMs } from '../limits.ts'
import type { KnownTrackerFrame, TrackedPeer, TrackerFrame } from './types.ts'

export interface Membership {
  readonly role: PeerRole
  readonly holder: boolean
  /** Wants to hear of peers. */
  readonly watch: boolean
}

export type TrackerClientInput =
  | { type: 'record'; record: Uint8Array }
  | { type: 'join'; swarmId: SwarmId; membership: Membership }
  | { type: 'leave'; swarmId: SwarmId }
  | { type: 'frame'; frame: TrackerFrame }
  | { type: 'wake' }

export type TrackerClientEffect =
  { type: 'send'; frame: KnownTrackerFrame } | { type: 'peers'; swarmId: SwarmId; peers: readonly TrackedPeer[] }

/** One tab's side of one tracker lane: says who we are, what we take part in, and says it again before it expires. */
export class TrackerClient {
  readonly #joined = new Map<SwarmId, { membership: Membership; renewAtMs: number }>()
  #hasRecord = false

  handle(nowMs: number, input: TrackerClientInput): TrackerClientEffect[] {
    switch (input.type) {
      case 'record': {
        const first = !this.#hasRecord
        this.#hasRecord = true
        const send = { type: 'send', frame: { type: 'record', record: input.record } } as const
        return first ? [send, ...this.#announceAll(nowMs)] : [send]
      }
      case 'join':
        this.#joined.set(input.swarmId, { membership: input.membership, renewAtMs: 0 })
        return this.#hasRecord ? [this.#announce(nowMs, input.swarmId)] : []
      case 'leave':
        if (!this.#joined.delete(input.swarmId) || !this.#hasRecord) return []
        return [{ type: 'send', frame: { type: 'leave', swarmId: input.swarmId } }]
      case 'frame':
        if (input.frame.type !== 'peers' || !this.#joined.has(input.frame.swarmId)) return []
        return [{ type: 'peers', swarmId: input.frame.swarmId, peers: input.frame.peers }]
      case 'wake':
        return this.#hasRecord ? this.#renewDue(nowMs) : []
    }
  }

  wakeAtMs(): number {
    if (!this.#hasRecord) return Infinity
    let earliest = Infinity
    for (const { renewAtMs } of this.#joined.values()) earliest = Math.min(earliest, renewAtMs)
    return earliest
  }

  #announceAll(nowMs: number): TrackerClientEffect[] {
    return [...this.#joined.keys()].map((swarmId) => this.#announce(nowMs, swarmId))
  }

  #renewDue(nowMs: number): TrackerClientEffect[] {
    const due = [...this.#joined].filter(([, { renewAtMs }]) => renewAtMs <= nowMs)
    return due.map(([swarmId]) => this.#announce(nowMs, swarmId))
  }

  #announce(nowMs: number, swarmId: SwarmId): TrackerClientEffect {
    const joined = this.#joined.get(swarmId)!
    joined.renewAtMs = nowMs + announceTtlMs / 2
    return { type: 'send', frame: { type: 'announce', swarmId, ...joined.membership, ttlMs: announceTtlMs } }
  }
}
