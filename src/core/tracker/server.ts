import { BadFrame } from '../exchange/errors.ts'
import type { PeerRole } from '../exchange/types.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import { peersPerAnswerMax, swarmPeersMax, swarmsPerPeerMax } from '../limits.ts'
import type { TrackedPeer, TrackerEffect, TrackerFrame, TrackerServerInput } from './types.ts'

interface Client {
  readonly peerId: PeerId
  record: Uint8Array | undefined
  readonly swarms: Set<SwarmId>
}

interface Announcement {
  role: PeerRole
  holder: boolean
  watch: boolean
  expiresAtMs: number
}

/**
 * Who takes part in which swarm, as a relay knows it. A peer's announcements live as long as its lane: one that went
 * away cannot be reached by way of this relay, and one that comes back announces itself again. SPEC.md has the rules.
 */
export class TrackerServer {
  readonly #random: () => number
  /** Whether a record is signed by this peer; the platform checks signatures. */
  readonly #isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean
  readonly #clients = new Map<LaneId, Client>()
  readonly #swarms = new Map<SwarmId, Map<LaneId, Announcement>>()
  #effects: TrackerEffect[] = []

  constructor(random: () => number, isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean) {
    this.#random = random
    this.#isValidRecord = isValidRecord
  }

  get swarmCount(): number {
    return this.#swarms.size
  }

  handle(nowMs: number, input: TrackerServerInput): TrackerEffect[] {
    this.#effects = []
    switch (input.type) {
      case 'opened':
        this.#clients.set(input.laneId, { peerId: input.peerId, record: undefined, swarms: new Set() })
        break
      case 'frame':
        this.#onFrame(nowMs, input.laneId, input.frame)
        break
      case 'closed':
        this.#forget(input.laneId)
        break
      case 'wake':
        this.#expire(nowMs)
    }
    return this.#effects
  }

  #onFrame(nowMs: number, laneId: LaneId, frame: TrackerFrame): void {
    const client = this.#clients.get(laneId)
    if (!client) return
    switch (frame.type) {
      case 'record':
        return this.#onRecord(laneId, client, frame.record)
      case 'announce':
        return this.#onAnnounce(nowMs, laneId, client, frame)
      case 'leave':
        return this.#leave(laneId, client, frame.swarmId)
      case 'unknown':
        return
      default:
        this.#drop(laneId, new BadFrame('a tracker does not take this').message)
    }
  }

  #onRecord(laneId: LaneId, client: Client, record: Uint8Array): void {
    if (!this.#isValidRecord(client.peerId, record)) return this.#drop(laneId, 'its record is not signed by it')
    const first = client.record === undefined
    client.record = record
    if (first) return
    for (const swarmId of client.swarms) this.#tellWatchers(swarmId, laneId) // its addresses changed
  }

  #onAnnounce(
    nowMs: number,
    laneId: LaneId,
    client: Client,
    { swarmId, role, holder, watch, ttlMs }: Extract<TrackerFrame, { type: 'announce' }>
  ): void {
    if (!client.record) return this.#refuse(laneId, swarmId, 'no-record')
    const swarm = this.#swarms.get(swarmId) ?? new Map<LaneId, Announcement>()
    const before = swarm.get(laneId)
    const full = client.swarms.size >= swarmsPerPeerMax || swarm.size >= swarmPeersMax
    if (!before && full) return this.#refuse(laneId, swarmId, 'too-many')
    this.#swarms.set(swarmId, swarm)
    client.swarms.add(swarmId)
    swarm.set(laneId, { role, holder, watch, expiresAtMs: nowMs + ttlMs })
    if (watch && !before?.watch) this.#sendSample(swarmId, laneId)
    if (!before || holder !== before.holder) this.#tellWatchers(swarmId, laneId)
  }

  /** A random sample, holders of everything first: they end the search soonest. [TR3] */
  #sendSample(swarmId: SwarmId, laneId: LaneId): void {
    const others = [...this.#swarms.get(swarmId)!.keys()].filter((other) => other !== laneId)
    const picked: TrackedPeer[] = []
    for (const other of shuffled(others, this.#random)) {
      const peer = this.#tracked(swarmId, other)
      if (peer?.holder) picked.unshift(peer)
      else if (peer) picked.push(peer)
    }
    this.#effects.push({
      type: 'send',
      laneId,
      frame: { type: 'peers', swarmId, peers: picked.slice(0, peersPerAnswerMax) }
    })
  }

  /** Newcomers are told at once to those who watch: a fetch begins the moment a holder appears. [TR4] */
  #tellWatchers(swarmId: SwarmId, newcomer: LaneId): void {
    const peer = this.#tracked(swarmId, newcomer)
    if (!peer) return
    for (const [laneId, announcement] of this.#swarms.get(swarmId)!) {
      if (laneId === newcomer || !announcement.watch) continue
      this.#effects.push({ type: 'send', laneId, frame: { type: 'peers', swarmId, peers: [peer] } })
    }
  }

  #tracked(swarmId: SwarmId, laneId: LaneId): TrackedPeer | undefined {
    const client = this.#clients.get(laneId)
    const announcement = this.#swarms.get(swarmId)?.get(laneId)
    if (!client?.record || !announcement) return undefined
    return { peerId: client.peerId, role: announcement.role, holder: announcement.holder, record: client.record }
  }

  #leave(laneId: LaneId, client: Client, swarmId: SwarmId): void {
    client.swarms.delete(swarmId)
    const swarm = this.#swarms.get(swarmId)
    swarm?.delete(laneId)
    if (swarm?.size === 0) this.#swarms.delete(swarmId)
  }

  #forget(laneId: LaneId): void {
    const client = this.#clients.get(laneId)
    if (!client) return
    for (const swarmId of [...client.swarms]) this.#leave(laneId, client, swarmId)
    this.#clients.delete(laneId)
  }

  #drop(laneId: LaneId, reason: string): void {
    this.#forget(laneId)
    this.#effects.push({ type: 'close', laneId, reason })
  }

  #refuse(laneId: LaneId, swarmId: SwarmId, reason: 'too-many' | 'no-record'): void {
    this.#effects.push({ type: 'send', laneId, frame: { type: 'refuse', swarmId, reason } })
  }

  #expire(nowMs: number): void {
    for (const [swarmId, swarm] of this.#swarms) {
      for (const [laneId, { expiresAtMs }] of swarm) {
        if (expiresAtMs <= nowMs) this.#leave(laneId, this.#clients.get(laneId)!, swarmId)
      }
    }
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const mixed = [...values]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!]
  }
  return mixed
}
