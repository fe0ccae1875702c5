import { keepersSwarmId } from '../keep/swarm.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import {
  announceTtlMs,
  lonelyPausesMs,
  lookUpAgainMs,
  lookUpBurst,
  lookUpsAtOnceMax,
  lookUpsPerSecond,
  provideAgainMs,
  provideBurst,
  providesAtOnceMax,
  providesPerSecond,
  relayBurst,
  relayLanesMax,
  relayPerSecond,
  relayRestMs,
  relaysPerSwarmMax,
  relaySwarmsMax,
  trackerSweepMs
} from '../limits.ts'
import { Budget } from '../tracker/budget.ts'
import type { TrackedPeer, TrackerFrame } from '../tracker/types.ts'
import { HeardPeers } from './heard.ts'
import { Retries } from './retries.ts'
import type { MeshEffect, MeshInput } from './types.ts'
import { Work } from './work.ts'

/** A swarm that peers here take part in, or look for. */
interface Served {
  /** Peers here take part: other relays are told. */
  isOurs: boolean
  /** Relays that are asked about it, and when each was last. */
  readonly relays: Map<PeerId, number>
  provideAtMs: number
  lookedUpAtMs: number
}

/** Another relay that we ask. */
interface Neighbour {
  isOpen: boolean
  readonly asked: Set<SwarmId>
  /** Those that were asked about and have not answered: the next peers that it names are all it has. */
  readonly unanswered: Set<SwarmId>
  readonly budget: Budget
}

/** How a relay finds the peers of its swarms that are at other relays. SPEC.md has the rules. */
export class RelayMesh {
  readonly #own: PeerId
  readonly #keepers = keepersSwarmId()
  /** Whether a record is signed by this peer; the platform checks signatures. */
  readonly #isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean
  readonly #served = new Map<SwarmId, Served>()
  readonly #neighbours = new Map<PeerId, Neighbour>()
  /** Relays that did not answer, and until when each is left alone. */
  readonly #resting = new Map<PeerId, number>()
  readonly #heard = new HeardPeers()
  readonly #lookUps = new Work({ atOnceMax: lookUpsAtOnceMax, burst: lookUpBurst, perSecond: lookUpsPerSecond })
  readonly #provides = new Work({ atOnceMax: providesAtOnceMax, burst: provideBurst, perSecond: providesPerSecond })
  readonly #lonely = new Retries(lonelyPausesMs)
  #nowMs = 0
  #sweepAtMs = 0
  #effects: MeshEffect[] = []

  constructor(own: PeerId, isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean) {
    this.#own = own
    this.#isValidRecord = isValidRecord
  }

  /** Relays that are asked, peers that are known of them, and work that waits. */
  get load(): { readonly relays: number; readonly peers: number; readonly waiting: number } {
    const relays = [...this.#neighbours.values()].filter(({ isOpen }) => isOpen).length
    return { relays, peers: this.#heard.count, waiting: this.#lookUps.waiting + this.#provides.waiting }
  }

  handle(nowMs: number, input: MeshInput): MeshEffect[] {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    this.#effects = []
    this.#take(input)
    this.#lookAgain()
    if (this.#nowMs >= this.#sweepAtMs) this.#sweep()
    for (const swarmId of this.#lookUps.next(this.#nowMs)) this.#effects.push({ type: 'look-up', swarmId })
    for (const swarmId of this.#provides.next(this.#nowMs)) this.#effects.push({ type: 'provide', swarmId })
    return this.#effects
  }

  wakeAtMs(): number {
    const heldBackAtMs = Math.min(this.#lookUps.nextAtMs(this.#nowMs), this.#provides.nextAtMs(this.#nowMs))
    const workAtMs = Math.min(heldBackAtMs, this.#lonely.nextAtMs())
    return Math.min(workAtMs, this.#served.size + this.#neighbours.size > 0 ? this.#sweepAtMs : Infinity)
  }

  #take(input: MeshInput): void {
    switch (input.type) {
      case 'served':
        return this.#serve(input.swarmId)
      case 'ended':
        return this.#end(input.swarmId)
      case 'watched':
        return this.#onWatched(input.swarmId, input.laneId)
      case 'asked':
        return this.#onFound(input.swarmId, [input.relay])
      case 'found':
        return this.#onFound(input.swarmId, input.relays)
      case 'looked-up':
        return this.#lookUps.done(input.swarmId)
      case 'provided':
        return this.#onProvided(input.swarmId)
      case 'joined':
        for (const swarmId of this.#served.keys()) this.#renew(swarmId)
        return
      case 'opened':
        return this.#onOpened(input.relay)
      case 'closed':
        return this.#onClosed(input.relay)
      case 'frame':
        return this.#onFrame(input.relay, input.frame)
      case 'wake':
    }
  }

  /** We say that we serve it while we look for others: whoever comes next finds us. [RN1] */
  #serve(swarmId: SwarmId): void {
    const sought = this.#served.get(swarmId)
    if (!sought && this.#served.size >= relaySwarmsMax) return
    this.#served.set(swarmId, { ...(sought ?? unknown()), isOurs: true })
    this.#renew(swarmId)
  }

  #renew(swarmId: SwarmId): void {
    this.#lookUp(swarmId)
    const served = this.#served.get(swarmId)!
    served.provideAtMs = this.#nowMs + provideAgainMs
    if (served.isOurs) this.#provides.add(swarmId)
  }

  #lookUp(swarmId: SwarmId): void {
    this.#served.get(swarmId)!.lookedUpAtMs = this.#nowMs
    this.#lookUps.add(swarmId)
  }

  #end(swarmId: SwarmId): void {
    const served = this.#served.get(swarmId)
    if (!served) return
    this.#served.delete(swarmId)
    for (const relay of served.relays.keys()) {
      const neighbour = this.#neighbours.get(relay)!
      neighbour.asked.delete(swarmId)
      neighbour.unanswered.delete(swarmId)
      if (neighbour.isOpen) this.#effects.push({ type: 'send', relay, frame: { type: 'leave', swarmId } })
    }
    this.#lonely.drop(swarmId)
    this.#lookUps.drop(swarmId)
    this.#provides.drop(swarmId)
    this.#heard.forget(swarmId)
    this.#effects.push({ type: 'withdraw', swarmId })
  }

  /** Whoever comes is told of what is known at once; where nobody was found it is looked again. [RN4] */
  #onWatched(swarmId: SwarmId, laneId: LaneId): void {
    const served = this.#served.get(swarmId) ?? this.#seek(swarmId)
    if (!served) return
    const peers = this.#heard.of(this.#nowMs, swarmId)
    if (peers.length > 0) this.#effects.push({ type: 'tell', swarmId, peers, laneId })
    const isDue = served.lookedUpAtMs + lookUpAgainMs <= this.#nowMs
    if (served.relays.size < relaysPerSwarmMax && isDue && !this.#lookUps.isUnderWay(swarmId)) this.#lookUp(swarmId)
  }

  /** Keepers elsewhere are looked for though none is here, and nobody is told. [RN14] */
  #seek(swarmId: SwarmId): Served | undefined {
    if (swarmId !== this.#keepers) return undefined
    const sought = { ...unknown(), isOurs: false }
    this.#served.set(swarmId, sought)
    return sought
  }

  /** Two that began at the same moment miss each other. [RN3] */
  #onProvided(swarmId: SwarmId): void {
    this.#provides.done(swarmId)
    if (this.#served.get(swarmId)?.relays.size === 0) this.#lonely.begin(this.#nowMs, swarmId)
  }

  #lookAgain(): void {
    for (const swarmId of this.#lonely.due(this.#nowMs)) {
      if (this.#served.get(swarmId)!.relays.size > 0) this.#lonely.drop(swarmId)
      else this.#lookUp(swarmId)
    }
  }

  #onFound(swarmId: SwarmId, relays: readonly PeerId[]): void {
    const served = this.#served.get(swarmId)
    if (!served) return
    for (const relay of relays) {
      const isNew = relay !== this.#own && !served.relays.has(relay) && served.relays.size < relaysPerSwarmMax
      if (isNew && this.#neighbour(relay)) this.#ask(swarmId, served, relay)
    }
  }

  #neighbour(relay: PeerId): Neighbour | undefined {
    const known = this.#neighbours.get(relay)
    if (known) return known
    const isResting = (this.#resting.get(relay) ?? 0) > this.#nowMs
    if (isResting || this.#neighbours.size >= relayLanesMax) return undefined
    const budget = new Budget(this.#nowMs, relayBurst, relayPerSecond)
    const neighbour = { isOpen: false, asked: new Set<SwarmId>(), unanswered: new Set<SwarmId>(), budget }
    this.#neighbours.set(relay, neighbour)
    this.#effects.push({ type: 'open', relay })
    return neighbour
  }

  /** Asks now, or when the lane is open. */
  #ask(swarmId: SwarmId, served: Served, relay: PeerId): void {
    const neighbour = this.#neighbours.get(relay)!
    served.relays.set(relay, this.#nowMs)
    neighbour.asked.add(swarmId)
    if (!neighbour.isOpen) return
    neighbour.unanswered.add(swarmId)
    const frame = {
      type: 'announce',
      swarmId,
      role: 'program',
      holder: false,
      watch: true,
      ttlMs: announceTtlMs
    } as const
    this.#effects.push({ type: 'send', relay, frame })
  }

  #onOpened(relay: PeerId): void {
    const neighbour = this.#neighbours.get(relay)
    if (!neighbour) return void this.#effects.push({ type: 'close', relay })
    neighbour.isOpen = true
    for (const swarmId of neighbour.asked) this.#ask(swarmId, this.#served.get(swarmId)!, relay)
  }

  /** What it told of cannot be reached through it any more; other relays may know of others. [RN7] */
  #onClosed(relay: PeerId): void {
    const neighbour = this.#neighbours.get(relay)
    if (!neighbour) return
    this.#neighbours.delete(relay)
    this.#resting.set(relay, this.#nowMs + relayRestMs)
    for (const swarmId of neighbour.asked) {
      this.#served.get(swarmId)!.relays.delete(relay)
      this.#heard.forget(swarmId, relay)
      this.#lookUp(swarmId)
    }
  }

  #onFrame(relay: PeerId, frame: TrackerFrame): void {
    const neighbour = this.#neighbours.get(relay)
    if (!neighbour) return
    if (!neighbour.budget.spend(this.#nowMs, 1)) return this.#drop(relay)
    if (frame.type === 'peers') this.#onPeers(relay, neighbour, frame.swarmId, frame.peers)
    else if (frame.type === 'refuse') neighbour.unanswered.delete(frame.swarmId)
    else if (frame.type !== 'unknown') this.#drop(relay)
  }

  #onPeers(relay: PeerId, neighbour: Neighbour, swarmId: SwarmId, told: readonly TrackedPeer[]): void {
    if (!neighbour.asked.has(swarmId)) return
    // Whoever invents peers costs those who dial them; one that does is not heard again. [RN6]
    if (!told.every(({ peerId, record }) => this.#isValidRecord(peerId, record))) return this.#drop(relay)
    this.#heard.note(this.#nowMs, swarmId, relay, told, neighbour.unanswered.delete(swarmId))
    if (told.length > 0) this.#effects.push({ type: 'tell', swarmId, peers: told })
  }

  #drop(relay: PeerId): void {
    this.#onClosed(relay)
    this.#effects.push({ type: 'close', relay })
  }

  #sweep(): void {
    this.#sweepAtMs = this.#nowMs + trackerSweepMs
    for (const [swarmId, served] of this.#served) {
      if (served.provideAtMs <= this.#nowMs) this.#renew(swarmId)
      for (const [relay, atMs] of served.relays) {
        if (atMs + announceTtlMs / 2 <= this.#nowMs) this.#ask(swarmId, served, relay)
      }
    }
    for (const [relay, untilMs] of this.#resting) if (untilMs <= this.#nowMs) this.#resting.delete(relay)
    for (const [relay, { asked }] of this.#neighbours) {
      if (asked.size > 0) continue
      this.#neighbours.delete(relay)
      this.#effects.push({ type: 'close', relay })
    }
  }
}

const unknown = (): Omit<Served, 'isOurs'> => ({ relays: new Map(), provideAtMs: 0, lookedUpAtMs: -lookUpAgainMs })
