import { createHash } from 'node:crypto'
import { Key } from 'interface-datastore'
import { ProviderStore } from '../../relay/dht/provider-store.ts'
import type { LaneId, PeerId, SwarmId } from '../../src/core/ids.ts'
import { announceTtlMs, dhtCopies } from '../../src/core/limits.ts'
import { RelayMesh } from '../../src/core/relays/mesh.ts'
import type { MeshEffect, MeshInput } from '../../src/core/relays/types.ts'
import { encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import { TrackerServer } from '../../src/core/tracker/server.ts'
import type { KnownTrackerFrame, TrackerEffect, TrackerServerInput } from '../../src/core/tracker/types.ts'
import { luckOf } from '../support/seeded.ts'
import type { Events } from './events.ts'

/**
 * What the DHT costs, as `node test/load/dht.ts 20 100` measured it on real relays: requests of a look-up and of a
 * telling, and processor time of one, on both sides together.
 */
export const measured = { lookUpRequests: 10, provideRequests: 20, requestCpuMs: 2.4 }

/** A request goes to a relay that is so far away, and back; opening its stream goes there and back once more. */
const [oneWayMsMin, oneWayMsMax] = [10, 150]
/** What a dial takes beside the way: TCP, TLS, WebSocket, noise, yamux, each there and back. */
const dialRounds = 6
/** Steps of a look-up from the relays that one knows to those that have the record. */
const lookUpSteps = 2

const valid = Uint8Array.of(1)
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const placeOf = (text: string) => parseInt(hashOf(text).slice(0, 8), 16)

/** One relay: the real machines and the real store, and a count of what goes in and out. */
class SimRelay {
  readonly name: PeerId
  /** Where it stands among the keys of the DHT, the first 32 bits. */
  readonly place: number
  readonly store: ProviderStore
  readonly tracker: TrackerServer
  readonly mesh: RelayMesh
  /** Relays that ask here, by their lanes, and the lanes by them. */
  readonly askers = new Map<LaneId, SimRelay>()
  readonly lanes = new Map<PeerId, LaneId>()
  dhtRequests = 0
  frames = 0
  frameBytes = 0
  alarmMs = Infinity

  constructor(n: number, seed: number, nowMs: () => number) {
    this.name = `relay${n}` as PeerId
    this.place = placeOf(this.name)
    this.store = new ProviderStore(nowMs)
    this.tracker = new TrackerServer(luckOf(seed + n + 1), () => true)
    this.mesh = new RelayMesh(this.name, () => true)
  }
}

export interface SwarmWorldOptions {
  readonly seed: number
  readonly relays: number
}

/** Many swarms at some relays: what of `src/core/relays` runs is real; the net and the DHT's way of finding are played. */
export class SwarmWorld {
  readonly relays: readonly SimRelay[]
  /** How long a tab whose first others are at other relays waits until it is told of one. */
  readonly foundMs: number[] = []
  readonly #events: Events
  readonly #luck: () => number
  readonly #byName: ReadonlyMap<PeerId, SimRelay>
  readonly #asking = new Map<LaneId, number>()
  #lanes = 0

  constructor(events: Events, { seed, relays }: SwarmWorldOptions) {
    this.#events = events
    this.#luck = luckOf(seed)
    this.relays = Array.from({ length: relays }, (_, n) => new SimRelay(n, seed, () => events.nowMs))
    this.#byName = new Map(this.relays.map((relay) => [relay.name, relay]))
  }

  get waiting(): number {
    return this.#asking.size
  }

  /** Somebody comes to a swarm at some relay. Whoever is not the first waits to be told of another. */
  come(swarmId: SwarmId, isFirst: boolean): void {
    const relay = this.relays[Math.floor(this.#luck() * this.relays.length)]!
    const laneId = ++this.#lanes as LaneId
    if (!isFirst) this.#asking.set(laneId, this.#events.nowMs)
    this.#serve(relay, { type: 'opened', laneId, peerId: `peer-${laneId}` as PeerId })
    this.#serve(relay, { type: 'frame', laneId, frame: { type: 'record', record: valid } })
    this.#announce(relay, laneId, swarmId, isFirst)
  }

  #announce(relay: SimRelay, laneId: LaneId, swarmId: SwarmId, holder: boolean): void {
    const frame = { type: 'announce', swarmId, role: 'tab', holder, watch: !holder, ttlMs: announceTtlMs } as const
    this.#serve(relay, { type: 'frame', laneId, frame })
    this.#events.after(announceTtlMs / 2, () => this.#announce(relay, laneId, swarmId, holder))
  }

  #serve(relay: SimRelay, input: TrackerServerInput): void {
    for (const effect of relay.tracker.handle(this.#events.nowMs, input)) this.#onTracker(relay, effect)
  }

  #onTracker(relay: SimRelay, effect: TrackerEffect): void {
    if (effect.type === 'close') throw new Error(`a lane was closed: ${effect.reason}`)
    if (effect.type !== 'send') return this.#mesh(relay, effect)
    const { laneId, frame } = effect
    const asker = relay.askers.get(laneId)
    if (asker) {
      return this.#pass(relay, asker, frame, () => this.#mesh(asker, { type: 'frame', relay: relay.name, frame }))
    }
    const beganMs = this.#asking.get(laneId)
    if (beganMs === undefined || frame.type !== 'peers' || frame.peers.length === 0) return
    this.#asking.delete(laneId)
    if (this.#events.nowMs > beganMs) this.foundMs.push(this.#events.nowMs - beganMs)
  }

  #mesh(relay: SimRelay, input: MeshInput): void {
    for (const effect of relay.mesh.handle(this.#events.nowMs, input)) this.#onMesh(relay, effect)
    const atMs = relay.mesh.wakeAtMs()
    if (atMs === Infinity || (atMs >= relay.alarmMs && relay.alarmMs > this.#events.nowMs)) return
    relay.alarmMs = atMs
    this.#events.at(atMs, () => {
      if (relay.alarmMs === atMs) this.#mesh(relay, { type: 'wake' })
    })
  }

  #onMesh(relay: SimRelay, effect: MeshEffect): void {
    switch (effect.type) {
      case 'look-up':
        return this.#lookUp(relay, effect.swarmId)
      case 'provide':
        return this.#provide(relay, effect.swarmId)
      case 'open':
        return this.#events.after(2 * dialRounds * this.#oneWayMs(), () => this.#open(relay, effect.relay))
      case 'send':
        return this.#ask(relay, this.#byName.get(effect.relay)!, effect.frame)
      case 'tell':
        return this.#serve(relay, { ...effect, type: 'elsewhere' })
      case 'close':
      case 'withdraw':
        throw new Error(`nobody leaves, and yet: ${effect.type}`)
    }
  }

  #open(from: SimRelay, name: PeerId): void {
    const to = this.#byName.get(name)!
    const laneId = ++this.#lanes as LaneId
    to.askers.set(laneId, from)
    to.lanes.set(from.name, laneId)
    this.#serve(to, { type: 'opened', laneId, peerId: from.name, isRelay: true })
    this.#mesh(from, { type: 'opened', relay: name })
  }

  #ask(from: SimRelay, to: SimRelay, frame: KnownTrackerFrame): void {
    this.#pass(from, to, frame, () => {
      this.#serve(to, { type: 'frame', laneId: to.lanes.get(from.name)!, frame })
    })
  }

  #pass(from: SimRelay, to: SimRelay, frame: KnownTrackerFrame, take: () => void): void {
    from.frames++
    to.frames++
    // A record of a tab with two relays has some 300 bytes; those here have one.
    const recordBytes = frame.type === 'peers' ? 300 * frame.peers.length : 0
    from.frameBytes += encodeTrackerFrame(frame).length + recordBytes
    this.#events.after(this.#oneWayMs(), take)
  }

  #lookUp(relay: SimRelay, swarmId: SwarmId): void {
    this.#spend(relay, measured.lookUpRequests)
    this.#events.after(lookUpSteps * this.#requestMs(), () => {
      const prefix = prefixOf(swarmId)
      const records = this.#nearest(swarmId).flatMap(({ store }) => [...store.query({ prefix })])
      const relays = [...new Set(records.map(({ key }) => key.name() as PeerId))]
      if (relays.length > 0) this.#mesh(relay, { type: 'found', swarmId, relays })
      this.#mesh(relay, { type: 'looked-up', swarmId })
    })
  }

  #provide(relay: SimRelay, swarmId: SwarmId): void {
    this.#spend(relay, measured.provideRequests)
    this.#events.after((lookUpSteps + 1) * this.#requestMs(), () => {
      const key = new Key(`${prefixOf(swarmId)}/${relay.name}`)
      for (const { store } of this.#nearest(swarmId)) store.put(key, valid)
      this.#mesh(relay, { type: 'provided', swarmId })
    })
  }

  /** A request counts where it is sent and where it is answered. */
  #spend(relay: SimRelay, requests: number): void {
    relay.dhtRequests += requests
    for (let n = 0; n < requests; n++) this.relays[Math.floor(this.#luck() * this.relays.length)]!.dhtRequests++
  }

  #nearest(swarmId: SwarmId): SimRelay[] {
    const key = placeOf(swarmId)
    const far = ({ place }: SimRelay) => (place ^ key) >>> 0
    return this.relays.toSorted((a, b) => far(a) - far(b)).slice(0, dhtCopies)
  }

  #oneWayMs(): number {
    return oneWayMsMin + this.#luck() * (oneWayMsMax - oneWayMsMin)
  }

  #requestMs(): number {
    return 4 * this.#oneWayMs()
  }
}

const prefixOf = (swarmId: SwarmId): string => {
  const letters = hashOf(swarmId).replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)]!)
  return `/dht/provider/${letters}`
}

export interface Play {
  readonly seed: number
  readonly swarms: number
  readonly hours: number
}

/** All come within half an hour: most swarms have one peer, some two to five, a few up to twenty. Nobody leaves. */
export function play(events: Events, world: SwarmWorld, { seed, swarms, hours }: Play): void {
  const luck = luckOf(seed + 1_000_000)
  const arrivalMs = 30 * 60_000
  for (let n = 0; n < swarms; n++) {
    const swarmId = n.toString(16).padStart(64, '0') as SwarmId
    const kind = luck()
    const peers =
      kind < 0.6 ? 1 : kind < 0.85 ? 2 : kind < 0.95 ? 3 + Math.floor(luck() * 3) : 6 + Math.floor(luck() * 15)
    // The others come when the first is there: this is about finding, not about waiting for a holder.
    const beginMs = luck() * arrivalMs * 0.8
    for (let peer = 0; peer < peers; peer++) {
      const atMs = peer === 0 ? beginMs : beginMs + 10_000 + luck() * (arrivalMs * 0.2 - 10_000)
      events.at(atMs, () => world.come(swarmId, peer === 0))
    }
  }
  while (events.step(hours * 3_600_000)) continue
}
