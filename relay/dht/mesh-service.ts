import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { dhtQueryMs, relayTimeoutMs, trackerFrameBytesMax, trackerUnreadBytesMax } from '../../src/core/limits.ts'
import { RelayMesh } from '../../src/core/relays/mesh.ts'
import type { MeshEffect, MeshInput } from '../../src/core/relays/types.ts'
import { decodeTrackerFrame, encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import { StreamLane } from '../../src/network/libp2p/stream-lane.ts'
import type { Lane, LaneProtocol } from '../../src/network/types.ts'
import type { RelayNode } from '../circuits.ts'
import { isRecordOf } from '../record-check.ts'
import type { TrackerService } from '../tracker-service.ts'
import { type Dht, swarmKey } from './dht.ts'

const relayProtocol: LaneProtocol = '/quire/relay/1'

/** What was done, and how long the last look-up that found somebody took until it did. */
export interface MeshFigures {
  lookUps: number
  lookUpsThatFound: number
  provides: number
  /** Sum over `lookUpsThatFound`, until the first relay was found. */
  foundMs: number
}

export interface MeshParts {
  readonly node: RelayNode
  readonly dht: Dht
  readonly tracker: TrackerService
}

/** Finds peers at other relays: the driver of the relay's mesh machine. */
export class MeshService {
  readonly figures: MeshFigures = { lookUps: 0, lookUpsThatFound: 0, provides: 0, foundMs: 0 }
  readonly #parts: MeshParts
  readonly #own: PeerId
  readonly #machine: RelayMesh
  readonly #lanes = new Map<PeerId, Lane>()
  readonly #stopping = new AbortController()
  #alarm: NodeJS.Timeout | undefined

  constructor(parts: MeshParts) {
    this.#parts = parts
    this.#own = parts.node.peerId.toString() as PeerId
    this.#machine = new RelayMesh(this.#own, isRecordOf)
    parts.tracker.onServed = (effect) => this.turn(effect)
  }

  get load(): RelayMesh['load'] {
    return this.#machine.load
  }

  async start(): Promise<void> {
    await this.#parts.node.handle(relayProtocol, (stream, connection) => {
      this.#parts.tracker.accept(this.#lane(stream, connection), 'relay')
    })
  }

  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#alarm)
    for (const lane of this.#lanes.values()) lane.close()
  }

  turn(input: MeshInput): void {
    if (this.#stopping.signal.aborted) return
    for (const effect of this.#machine.handle(performance.now(), input)) this.#do(effect)
    clearTimeout(this.#alarm)
    const waitMs = this.#machine.wakeAtMs() - performance.now()
    if (waitMs === Infinity) return
    this.#alarm = setTimeout(() => this.turn({ type: 'wake' }), Math.max(0, waitMs))
    this.#alarm.unref()
  }

  #do(effect: MeshEffect): void {
    switch (effect.type) {
      case 'look-up':
        return void this.#lookUp(effect.swarmId)
      case 'provide':
        return void this.#provide(effect.swarmId)
      case 'withdraw':
        // Where nothing can be forgotten it expires.
        return void this.#parts.dht.cancelReprovide(swarmKey(effect.swarmId)).catch(() => undefined)
      case 'open':
        return void this.#open(effect.relay)
      case 'close':
        return this.#lanes.get(effect.relay)?.close()
      case 'send':
        return void this.#lanes.get(effect.relay)?.send(encodeTrackerFrame(effect.frame))
      case 'tell':
        return this.#parts.tracker.tellOfOthers(effect.swarmId, effect.peers, effect.laneId)
    }
  }

  async #lookUp(swarmId: SwarmId): Promise<void> {
    const beganMs = performance.now()
    let found = false
    try {
      for await (const event of this.#parts.dht.findProviders(swarmKey(swarmId), { signal: this.#patience() })) {
        if (event.name !== 'PROVIDER') continue
        const others = event.providers.filter(({ id }) => id.toString() !== this.#own)
        if (others.length === 0) continue
        await Promise.all(others.map(({ id, multiaddrs }) => this.#parts.node.peerStore.merge(id, { multiaddrs })))
        if (!found) this.figures.foundMs += performance.now() - beganMs
        found = true
        this.turn({ type: 'found', swarmId, relays: others.map(({ id }) => id.toString() as PeerId) })
      }
    } catch {
      // What was found until now counts.
    }
    this.figures.lookUps++
    if (found) this.figures.lookUpsThatFound++
    this.turn({ type: 'looked-up', swarmId })
  }

  async #provide(swarmId: SwarmId): Promise<void> {
    try {
      const telling = this.#parts.dht.provide(swarmKey(swarmId), { signal: this.#patience() })[Symbol.asyncIterator]()
      while (!(await telling.next()).done) continue
    } catch {
      // Those who were told until now know; the rest is told next time.
    }
    this.figures.provides++
    this.turn({ type: 'provided', swarmId })
  }

  async #open(relay: PeerId): Promise<void> {
    try {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(relayTimeoutMs)])
      const connection = await this.#parts.node.dial(peerIdFromString(relay), { signal })
      const lane = this.#lane(await connection.newStream(relayProtocol, { signal }), connection)
      this.#lanes.set(relay, lane)
      const reader = new FrameReader(trackerFrameBytesMax)
      lane.onChunk = (chunk) => {
        try {
          for (const raw of reader.push(chunk)) this.turn({ type: 'frame', relay, frame: decodeTrackerFrame(raw) })
        } catch {
          lane.close() // what it sent makes no sense
        }
      }
      lane.onClose = () => this.#closed(relay, lane)
      this.turn({ type: 'opened', relay })
    } catch {
      this.turn({ type: 'closed', relay })
    }
  }

  #closed(relay: PeerId, lane: Lane): void {
    if (this.#lanes.get(relay) !== lane) return
    this.#lanes.delete(relay)
    this.turn({ type: 'closed', relay })
  }

  #lane(stream: Stream, connection: Connection): Lane {
    // Whoever does not read what it is told would have it gathered here.
    stream.maxWriteBufferLength = trackerUnreadBytesMax
    return new StreamLane(stream, connection, this.#own, relayProtocol)
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(dhtQueryMs)])
  }
}
