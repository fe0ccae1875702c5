import { bytesEqual } from '../bytes.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { PeerRole } from '../exchange/types.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import {
  announcementsCrowded,
  announcementsMax,
  holdSwarmsPerCost,
  peersPerAnswerMax,
  relayBurst,
  relayPerSecond,
  relaySwarmsMax,
  swarmPeersMax,
  swarmsPerPeerCrowdedMax,
  swarmsPerPeerMax,
  trackerSweepMs,
  watchersToldMax
} from '../limits.ts'
import { Budget } from './budget.ts'
import type { TrackedPeer, TrackerEffect, TrackerFrame, TrackerServerInput } from './types.ts'

interface Client {
  readonly peerId: PeerId
  /** Another relay: it watches and takes no part. */
  readonly isRelay: boolean
  readonly budget: Budget
  record: Uint8Array | undefined
  readonly swarms: Set<SwarmId>
}

interface Announcement {
  role: PeerRole
  holder: boolean
  watch: boolean
  expiresAtMs: number
}

interface Swarm {
  readonly announcements: Map<LaneId, Announcement>
  /** How many of them are of peers; the others are of relays, for which nobody is here. */
  visitors: number
  /** How many of them watch. */
  watching: number
}

type AnnounceFrame = Extract<TrackerFrame, { type: 'announce' }>
type HoldFrame = Extract<TrackerFrame, { type: 'hold' }>

/**
 * Who takes part in which swarm, as a relay knows it. A peer's announcements live as long as its lane: one that went
 * away cannot be reached by way of this relay, and one that comes back announces itself again. SPEC.md has the rules.
 */
export class TrackerServer {
  readonly #random: () => number
  /** Whether a record is signed by this peer; the platform checks signatures. */
  readonly #isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean
  readonly #clients = new Map<LaneId, Client>()
  readonly #lanes = new Map<PeerId, LaneId>()
  readonly #swarms = new Map<SwarmId, Swarm>()
  #announcements = 0
  #nowMs = 0
  #sweepAtMs = Infinity
  #effects: TrackerEffect[] = []

  constructor(random: () => number, isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean) {
    this.#random = random
    this.#isValidRecord = isValidRecord
  }

  get swarmCount(): number {
    return this.#swarms.size
  }

  handle(nowMs: number, input: TrackerServerInput): TrackerEffect[] {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    this.#effects = []
    switch (input.type) {
      case 'opened':
        this.#open(input.laneId, input.peerId, input.isRelay === true)
        break
      case 'frame':
        this.#onFrame(input.laneId, input.frame)
        break
      case 'closed':
        this.#forget(input.laneId)
        break
      case 'elsewhere':
        this.#tellOfOthers(input)
        break
      case 'wake':
        this.#expire()
    }
    return this.#effects
  }

  /** When `wake` is due, so that what expired takes no room. */
  wakeAtMs(): number {
    return this.#announcements > 0 ? this.#sweepAtMs : Infinity
  }

  /** A peer that opens a second lane has lost the first. [TR7] */
  #open(laneId: LaneId, peerId: PeerId, isRelay: boolean): void {
    const before = this.#lanes.get(peerId)
    if (before !== undefined) this.#drop(before, 'it came back over another lane')
    this.#lanes.set(peerId, laneId)
    const budget = isRelay ? new Budget(this.#nowMs, relayBurst, relayPerSecond) : new Budget(this.#nowMs)
    this.#clients.set(laneId, { peerId, isRelay, budget, record: undefined, swarms: new Set() })
  }

  #onFrame(laneId: LaneId, frame: TrackerFrame): void {
    const client = this.#clients.get(laneId)
    if (!client) return
    if (!client.budget.spend(this.#nowMs, 1)) return this.#drop(laneId, 'it asks for too much')
    switch (frame.type) {
      case 'record':
        return this.#onRecord(laneId, client, frame.record)
      case 'announce':
        return this.#onAnnounce(laneId, client, frame)
      case 'hold':
        return this.#onHold(laneId, client, frame)
      case 'leave':
        return this.#leave(laneId, client, frame.swarmId)
      case 'look':
        return client.isRelay ? undefined : this.#sendSample(frame.swarmId, laneId, client)
      case 'unknown':
        return
      default:
        this.#drop(laneId, new BadFrame('a tracker does not take this').message)
    }
  }

  #onRecord(laneId: LaneId, client: Client, record: Uint8Array): void {
    if (client.isRelay || !this.#isValidRecord(client.peerId, record))
      return this.#drop(laneId, 'its record is not signed by it')
    const before = client.record
    client.record = record
    if (before && bytesEqual(before, record)) return
    for (const swarmId of client.swarms) this.#tellWatchers(swarmId, laneId, client) // where it is reached is news
  }

  /** Many at once cost little; one that somebody waits for costs a message. [TR11] */
  #onHold(laneId: LaneId, client: Client, { role, ttlMs, swarmIds }: HoldFrame): void {
    if (client.isRelay || !client.budget.spend(this.#nowMs, Math.ceil(swarmIds.length / holdSwarmsPerCost)))
      return this.#drop(laneId, 'it asks for too much')
    for (const swarmId of new Set(swarmIds)) {
      if ((this.#swarms.get(swarmId)?.watching ?? 0) > 0 && !client.budget.spend(this.#nowMs, 1)) continue
      this.#onAnnounce(laneId, client, { type: 'announce', swarmId, role, holder: true, watch: false, ttlMs })
    }
  }

  #onAnnounce(laneId: LaneId, client: Client, { swarmId, role, holder, watch, ttlMs }: AnnounceFrame): void {
    if (!client.record && !watch) return this.#refuse(laneId, swarmId, 'no-record')
    const swarm: Swarm = this.#swarms.get(swarmId) ?? { announcements: new Map(), visitors: 0, watching: 0 }
    const before = swarm.announcements.get(laneId)
    if (!before && this.#isFull(client, swarm)) {
      // Nobody will be told of it, but it can fetch.
      if (watch && swarm.announcements.size >= swarmPeersMax) this.#sendSample(swarmId, laneId, client)
      return this.#refuse(laneId, swarmId, 'too-many')
    }
    const isNews = !before || before.expiresAtMs <= this.#nowMs || before.holder !== holder
    this.#swarms.set(swarmId, swarm)
    client.swarms.add(swarmId)
    swarm.watching += Number(watch) - Number(before?.watch ?? false)
    swarm.announcements.set(laneId, { role, holder, watch, expiresAtMs: this.#nowMs + ttlMs })
    if (!before && this.#announcements++ === 0) this.#sweepAtMs = this.#nowMs + trackerSweepMs
    if (!before && !client.isRelay && swarm.visitors++ === 0) this.#effects.push({ type: 'served', swarmId })
    if (watch && (client.isRelay || !before?.watch)) this.#sendSample(swarmId, laneId, client)
    if (client.isRelay) this.#effects.push({ type: 'asked', swarmId, relay: client.peerId })
    else if (isNews) this.#tellWatchers(swarmId, laneId, client)
  }

  #isFull({ swarms, isRelay }: Client, { announcements }: Swarm): boolean {
    const ofPeer = this.#announcements >= announcementsCrowded ? swarmsPerPeerCrowdedMax : swarmsPerPeerMax
    const most = isRelay ? relaySwarmsMax : ofPeer
    return swarms.size >= most || announcements.size >= swarmPeersMax || this.#announcements >= announcementsMax
  }

  /** A random sample: half of it peers that hold everything, half of it peers to trade with, as far as there are. [TR3] */
  #sendSample(swarmId: SwarmId, laneId: LaneId, { isRelay }: Client): void {
    const holders: LaneId[] = []
    const others: LaneId[] = []
    for (const [other, { holder, expiresAtMs }] of this.#swarms.get(swarmId)?.announcements ?? []) {
      const isKnown = this.#clients.get(other)!.record !== undefined
      if (isKnown && other !== laneId && expiresAtMs > this.#nowMs) (holder ? holders : others).push(other)
    }
    const traders = some(others, peersPerAnswerMax - Math.min(holders.length, peersPerAnswerMax / 2), this.#random)
    const chosen = [...some(holders, peersPerAnswerMax - traders.length, this.#random), ...traders]
    const peers = chosen.map((other) => this.#tracked(swarmId, other)!)
    this.#effects.push({ type: 'send', laneId, frame: { type: 'peers', swarmId, peers } })
    const isFull = peers.length === peersPerAnswerMax
    if (!isRelay && !isFull) this.#effects.push({ type: 'watched', swarmId, laneId })
  }

  /** Newcomers are told at once to those who watch: a fetch begins the moment a holder appears. [TR4] */
  #tellWatchers(swarmId: SwarmId, newcomer: LaneId, client: Client): void {
    const peer = this.#tracked(swarmId, newcomer)
    if (!peer) return
    const watchers = this.#watchers(swarmId).filter((laneId) => laneId !== newcomer)
    const toAll =
      watchers.length <= watchersToldMax ||
      (peer.holder && this.#isRare(swarmId, newcomer) && client.budget.spend(this.#nowMs, watchers.length))
    for (const laneId of toAll ? watchers : some(watchers, watchersToldMax, this.#random)) {
      this.#effects.push({ type: 'send', laneId, frame: { type: 'peers', swarmId, peers: [peer] } })
    }
  }

  #watchers(swarmId: SwarmId): LaneId[] {
    const all = [...(this.#swarms.get(swarmId)?.announcements ?? [])]
    return all.filter(([, { watch, expiresAtMs }]) => watch && expiresAtMs > this.#nowMs).map(([laneId]) => laneId)
  }

  /** What one relay says is not said to another, so that nothing goes in circles. [RN5] */
  #tellOfOthers({ swarmId, peers, laneId }: Extract<TrackerServerInput, { type: 'elsewhere' }>): void {
    const isPeer = (lane: LaneId) => this.#clients.get(lane)?.isRelay === false
    const told =
      laneId === undefined
        ? some(this.#watchers(swarmId).filter(isPeer), watchersToldMax, this.#random)
        : [laneId].filter(isPeer)
    for (const each of told) {
      this.#effects.push({ type: 'send', laneId: each, frame: { type: 'peers', swarmId, peers } })
    }
  }

  /** Fewer others hold everything than one answer names. */
  #isRare(swarmId: SwarmId, newcomer: LaneId): boolean {
    let holders = 0
    for (const [laneId, { holder, expiresAtMs }] of this.#swarms.get(swarmId)!.announcements) {
      if (laneId === newcomer || !holder || expiresAtMs <= this.#nowMs) continue
      if (++holders === peersPerAnswerMax) return false
    }
    return true
  }

  #tracked(swarmId: SwarmId, laneId: LaneId): TrackedPeer | undefined {
    const client = this.#clients.get(laneId)
    const announcement = this.#swarms.get(swarmId)?.announcements.get(laneId)
    if (!client?.record || !announcement) return undefined
    return { peerId: client.peerId, role: announcement.role, holder: announcement.holder, record: client.record }
  }

  #leave(laneId: LaneId, client: Client, swarmId: SwarmId): void {
    if (!client.swarms.delete(swarmId)) return
    const swarm = this.#swarms.get(swarmId)!
    swarm.watching -= Number(swarm.announcements.get(laneId)!.watch)
    swarm.announcements.delete(laneId)
    this.#announcements--
    if (swarm.announcements.size === 0) this.#swarms.delete(swarmId)
    if (!client.isRelay && --swarm.visitors === 0) this.#effects.push({ type: 'ended', swarmId })
  }

  #forget(laneId: LaneId): void {
    const client = this.#clients.get(laneId)
    if (!client) return
    for (const swarmId of [...client.swarms]) this.#leave(laneId, client, swarmId)
    this.#clients.delete(laneId)
    this.#lanes.delete(client.peerId)
  }

  #drop(laneId: LaneId, reason: string): void {
    this.#forget(laneId)
    this.#effects.push({ type: 'close', laneId, reason })
  }

  #refuse(laneId: LaneId, swarmId: SwarmId, reason: 'too-many' | 'no-record'): void {
    this.#effects.push({ type: 'send', laneId, frame: { type: 'refuse', swarmId, reason } })
  }

  #expire(): void {
    this.#sweepAtMs = this.#nowMs + trackerSweepMs
    for (const [laneId, client] of this.#clients) {
      for (const swarmId of [...client.swarms]) {
        if (this.#swarms.get(swarmId)!.announcements.get(laneId)!.expiresAtMs <= this.#nowMs)
          this.#leave(laneId, client, swarmId)
      }
    }
  }
}

/** Up to `most` of the values, drawn at random, each with the same chance. Mixes the values given. */
function some<T>(values: T[], most: number, random: () => number): T[] {
  const count = Math.min(most, values.length)
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (values.length - i))
    ;[values[i], values[j]] = [values[j]!, values[i]!]
  }
  return values.slice(0, count)
}
