import type { Connection, PrivateKey } from '@libp2p/interface'
import type { Identify } from '@libp2p/identify'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import {
  bootstrapAloneMs,
  bootstrapMs,
  bootstrapTryMs,
  providerTtlMs,
  relaySocketBufferBytesMax,
  trackerSweepMs
} from '../../src/core/limits.ts'
import type { NamedRelay } from '../../src/network/types.ts'
import type { OtherRelays, RelayNode } from '../circuits.ts'
import type { Refuse } from '../limits/refusals.ts'
import type { Metrics } from '../metrics.ts'
import type { TrackerService } from '../tracker-service.ts'
import { dialFilter } from './addresses.ts'
import { findBootstrap } from './bootstrap.ts'
import { type Dht, dhtService, knownRelays } from './dht.ts'
import { DrawnRelays } from './drawn-relays.ts'
import { MeshService } from './mesh-service.ts'
import { ProviderStore } from './provider-store.ts'

export interface MeetingOptions {
  readonly privateKey: PrivateKey
  /** Where others reach us. */
  readonly addresses: readonly Multiaddr[]
  /** Relays by which others are found. */
  readonly bootstrap: readonly string[]
  readonly refuse: Refuse
}

/** One relay among others: the parts that its node takes, and what runs on it. */
export class Meeting {
  readonly #options: MeetingOptions
  readonly #store = new ProviderStore(Date.now)
  readonly #parts: OtherRelays
  /** Those whom we asked who they are, so that the DHT knows them. */
  readonly #identified = new WeakSet<Connection>()
  #node: RelayNode | undefined
  #mesh: MeshService | undefined
  #drawn: DrawnRelays | undefined
  #known: ReadonlySet<string> = new Set()
  #requests = 0
  #alarm: NodeJS.Timeout | undefined
  #sweep: NodeJS.Timeout | undefined

  private constructor(options: MeetingOptions, mayDial: OtherRelays['mayDial']) {
    this.#options = options
    const { refuse } = options
    const onRequest = (connection: Connection) => {
      this.#requests++
      void this.#identify(connection)
    }
    this.#parts = {
      announce: options.addresses.map(String),
      transports: [webSockets({ maxBufferedAmount: relaySocketBufferBytesMax })],
      services: {
        ping: ping(),
        dht: (components) =>
          dhtService({ store: this.#store, refuse, onRequest })(components as unknown as KadDHTComponents)
      },
      mayDial,
      addressTtlMs: providerTtlMs,
      isKnown: (peerId) => this.#known.has(peerId)
    }
  }

  static async prepare(options: MeetingOptions): Promise<Meeting> {
    return new Meeting(options, await dialFilter(options.addresses))
  }

  get parts(): OtherRelays {
    return this.#parts
  }

  /** Some of the others, for our peers. */
  draw(): readonly NamedRelay[] | undefined {
    return this.#drawn?.draw(this.#known)
  }

  /** Begins to look for others; waits for none. */
  async start(node: RelayNode, tracker: TrackerService, metrics: Metrics): Promise<void> {
    const { dht } = node.services as unknown as { dht: Dht }
    const mesh = new MeshService({ node, dht, tracker })
    this.#node = node
    this.#mesh = mesh
    const drawn = new DrawnRelays(node, this.#parts.mayDial)
    this.#drawn = drawn
    this.#known = knownRelays(
      dht,
      () => mesh.turn({ type: 'joined' }),
      (id) => void drawn.note(id)
    )
    this.#sweep = setInterval(() => this.#store.sweep(), trackerSweepMs).unref()
    this.#addMetrics(metrics, mesh)
    await mesh.start()
    void this.#bootstrap()
  }

  stop(): void {
    clearTimeout(this.#alarm)
    clearInterval(this.#sweep)
    this.#mesh?.stop()
    this.#node = undefined
  }

  /** Relays that were named are tried again and again: they may all have been away when this one began. [RN9] */
  async #bootstrap(): Promise<void> {
    const found = await findBootstrap(this.#options.bootstrap)
    await Promise.all(found.map((address) => this.#greet(address).catch(() => undefined)))
    if (!this.#node) return
    this.#alarm = setTimeout(() => void this.#bootstrap(), this.#known.size === 0 ? bootstrapAloneMs : bootstrapMs)
    this.#alarm.unref()
  }

  async #greet(address: Multiaddr): Promise<void> {
    const node = this.#node
    if (!node || address.toString().endsWith(`/p2p/${node.peerId.toString()}`)) return
    await this.#identify(await node.dial(address, { signal: AbortSignal.timeout(bootstrapTryMs) }))
  }

  /** The DHT takes those in who say that they speak it. */
  async #identify(connection: Connection): Promise<void> {
    if (this.#identified.has(connection) || !this.#node) return
    this.#identified.add(connection)
    const { identify } = this.#node.services as unknown as { identify: Identify }
    await identify.identify(connection, { signal: AbortSignal.timeout(bootstrapTryMs) }).catch(() => undefined)
  }

  #addMetrics(metrics: Metrics, mesh: MeshService): void {
    const { figures } = mesh
    metrics.gauge('quire_relays_known', 'Other relays that the DHT knows.', () => this.#known.size)
    metrics.gauge('quire_relays_asked', 'Other relays that are asked for peers.', () => mesh.load.relays)
    metrics.gauge('quire_relays_peers', 'Peers at other relays that are known.', () => mesh.load.peers)
    metrics.gauge('quire_relays_waiting', 'Look-ups and provisions that wait.', () => mesh.load.waiting)
    metrics.gauge('quire_dht_records', 'What the DHT has given us to remember.', () => this.#store.count)
    metrics.tally('quire_dht_requests_total', 'Requests of the DHT that others sent.', () => this.#requests)
    metrics.tally('quire_lookups_total', 'Look-ups of swarms in the DHT.', () => figures.lookUps)
    metrics.tally('quire_lookups_found_total', 'Look-ups that found a relay.', () => figures.lookUpsThatFound)
    metrics.tally(
      'quire_lookups_found_seconds_total',
      'Time that look-ups took until they found a relay.',
      () => figures.foundMs / 1000
    )
    metrics.tally('quire_provides_total', 'Swarms that the DHT was told of.', () => figures.provides)
  }
}
