import type { Connection, PrivateKey } from '@libp2p/interface'
import type { Identify } from '@libp2p/identify'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { providerTtlMs, relaySocketBufferBytesMax, trackerSweepMs } from '../../src/core/limits.ts'
import { ending } from '../../src/network/libp2p/web-sockets.ts'
import type { NamedRelay } from '../../src/network/types.ts'
import type { OtherRelays, RelayNode } from '../circuits.ts'
import type { Refuse } from '../limits/refusals.ts'
import type { Metrics } from '../metrics.ts'
import type { TrackerService } from '../tracker-service.ts'
import { dialFilter } from './addresses.ts'
import { type Dht, dhtService, knownRelays } from './dht.ts'
import { DrawnRelays } from './drawn-relays.ts'
import { Joining } from './joining.ts'
import { MeshService } from './mesh-service.ts'
import { ProviderStore } from './provider-store.ts'

type MakeTransport = ReturnType<typeof webSockets>

/** Our HTTP server takes sockets: libp2p's transport would open a port of its own beside it, without our limits. */
const dialOnly = (make: MakeTransport): MakeTransport => {
  return (components) => {
    const transport = make(components)
    // Its own asks its `listenFilter` what it can dial.
    const dialFilter = transport.listenFilter.bind(transport)
    return Object.assign(transport, { dialFilter, listenFilter: () => [] })
  }
}

export interface MeetingOptions {
  readonly privateKey: PrivateKey
  /** Where others reach us. */
  readonly addresses: readonly Multiaddr[]
  /** Where tabs of pages over HTTPS do, if we have none. */
  readonly direct?: readonly string[]
  /** Relays by which others are found. */
  readonly bootstrap: readonly string[]
  readonly refuse: Refuse
}

/** One relay among others: the parts that its node takes, and what runs on it. */
export class Meeting {
  readonly #options: MeetingOptions
  readonly #store = new ProviderStore(Date.now)
  readonly #parts: OtherRelays
  #joining: Joining | undefined
  #mesh: MeshService | undefined
  #drawn: DrawnRelays | undefined
  #known: ReadonlySet<string> = new Set()
  #requests = 0
  #sweep: NodeJS.Timeout | undefined

  private constructor(options: MeetingOptions, mayDial: OtherRelays['mayDial']) {
    this.#options = options
    const { refuse, direct = [] } = options
    const onRequest = (connection: Connection) => {
      this.#requests++
      void this.#joining?.identify(connection)
    }
    this.#parts = {
      announce: [...options.addresses.map(String), ...direct],
      transports: [dialOnly(ending(webSockets({ maxBufferedAmount: relaySocketBufferBytesMax })))],
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
    const { dht, identify } = node.services as unknown as { dht: Dht; identify: Identify }
    const mesh = new MeshService({ node, dht, tracker })
    this.#mesh = mesh
    const drawn = new DrawnRelays(node.peerStore, this.#parts.mayDial)
    this.#drawn = drawn
    this.#known = knownRelays(
      dht,
      () => mesh.turn({ type: 'joined' }),
      (id) => void drawn.note(id)
    )
    this.#sweep = setInterval(() => this.#store.sweep(), trackerSweepMs).unref()
    this.#addMetrics(metrics, mesh)
    await mesh.start()
    this.#joining = new Joining({
      bootstrap: this.#options.bootstrap,
      peerId: node.peerId.toString(),
      dial: (address, { signal }) => node.dial(address, { signal }),
      identify,
      isAlone: () => this.#known.size === 0
    })
  }

  stop(): void {
    this.#joining?.stop()
    clearInterval(this.#sweep)
    this.#mesh?.stop()
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
