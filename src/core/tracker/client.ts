import type { PeerRole } from '../exchange/types.ts'
import type { SwarmId } from '../ids.ts'
import { announceTtlMs, dormantTtlMs } from '../limits.ts'
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
  /** `wasDormant`: it was announced with all that is, if at all. [TR11] */
  | { type: 'leave'; swarmId: SwarmId; wasDormant?: boolean }
  /** It is held as before, and from now on announced with all that is dormant. */
  | { type: 'rest'; swarmId: SwarmId }
  /** Asks once who is in a swarm, without taking part in it. */
  | { type: 'look'; swarmId: SwarmId }
  | { type: 'frame'; frame: TrackerFrame }
  | { type: 'wake' }

export type TrackerClientEffect =
  { type: 'send'; frame: KnownTrackerFrame } | { type: 'peers'; swarmId: SwarmId; peers: readonly TrackedPeer[] }

interface Joined {
  readonly membership: Membership
  renewAtMs: number
  /** The tracker was told, so it is told of the end too. */
  announced: boolean
}

/** One tab's side of one tracker lane: says who we are, what we take part in, and says it again before it expires. */
export class TrackerClient {
  readonly #joined = new Map<SwarmId, Joined>()
  readonly #looked = new Set<SwarmId>()
  #hasRecord = false

  handle(nowMs: number, input: TrackerClientInput): TrackerClientEffect[] {
    switch (input.type) {
      case 'record':
        this.#hasRecord = true
        return [{ type: 'send', frame: { type: 'record', record: input.record } }, ...this.#announceDue(nowMs)]
      case 'join':
        this.#join(input.swarmId, input.membership)
        return this.#announceDue(nowMs)
      case 'leave':
        return this.#leave(input.swarmId, input.wasDormant)
      case 'rest':
        return this.#rest(input.swarmId)
      case 'look':
        this.#looked.add(input.swarmId)
        return [{ type: 'send', frame: { type: 'look', swarmId: input.swarmId } }]
      case 'frame':
        return this.#onFrame(input.frame)
      case 'wake':
        return this.#announceDue(nowMs)
    }
  }

  wakeAtMs(): number {
    let earliest = Infinity
    for (const joined of this.#joined.values())
      if (this.#counts(joined)) earliest = Math.min(earliest, joined.renewAtMs)
    return earliest
  }

  #onFrame(frame: TrackerFrame): TrackerClientEffect[] {
    if (frame.type !== 'peers') return []
    const { swarmId, peers } = frame
    return this.#joined.has(swarmId) || this.#looked.has(swarmId) ? [{ type: 'peers', swarmId, peers }] : []
  }

  /** Who only wants to hear of others need not be reachable: it asks before there is a record. [TR9] */
  #counts({ membership }: Joined): boolean {
    return this.#hasRecord || membership.watch
  }

  #announceDue(nowMs: number): TrackerClientEffect[] {
    const due = [...this.#joined].filter(([, joined]) => this.#counts(joined) && joined.renewAtMs <= nowMs)
    return due.flatMap(([swarmId]) => this.#announce(nowMs, swarmId))
  }

  #join(swarmId: SwarmId, membership: Membership): void {
    const announced = this.#joined.get(swarmId)?.announced ?? false
    this.#joined.set(swarmId, { membership, renewAtMs: -Infinity, announced })
  }

  #leave(swarmId: SwarmId, wasDormant = false): TrackerClientEffect[] {
    const before = this.#joined.get(swarmId)
    this.#joined.delete(swarmId)
    return before?.announced || wasDormant ? [{ type: 'send', frame: { type: 'leave', swarmId } }] : []
  }

  /** What was said counts until the round of all that is dormant comes by. [TR11] */
  #rest(swarmId: SwarmId): TrackerClientEffect[] {
    const before = this.#joined.get(swarmId)
    this.#joined.delete(swarmId)
    if (!before?.announced) return []
    const { role, holder, watch } = before.membership
    return [{ type: 'send', frame: { type: 'announce', swarmId, role, holder, watch, ttlMs: dormantTtlMs } }]
  }

  /** A holder watches for the time of one message: it is answered with who is there, and told of no newcomers. [TR10] */
  #announce(nowMs: number, swarmId: SwarmId): TrackerClientEffect[] {
    const joined = this.#joined.get(swarmId)!
    joined.renewAtMs = nowMs + announceTtlMs / 2
    joined.announced = true
    const { role, holder, watch } = joined.membership
    const watching = holder && !watch ? [true, false] : [watch]
    return watching.map((each) => ({
      type: 'send',
      frame: { type: 'announce', swarmId, role, holder, watch: each, ttlMs: announceTtlMs }
    }))
  }
}
