import type { PeerId } from '../core/ids.ts'
import { utf8Decode, utf8Encode } from '../core/proto/proto.ts'
import { newLaneId } from './lane-id.ts'
import type {
  ConnectionKind,
  ConnectOptions,
  Lane,
  LaneProtocol,
  NamedKeeper,
  Network,
  NetworkStatus
} from './types.ts'

/** One end of a pair of lanes in this process. Chunks arrive in a later turn of the event loop, as on a real wire. */
class MemoryLane implements Lane {
  readonly id = newLaneId()
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  readonly kind: ConnectionKind = 'direct'
  onChunk: (chunk: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onClose: (error?: Error) => void = () => undefined
  other: MemoryLane | undefined
  #closed = false

  constructor(localPeerId: PeerId, peerId: PeerId, protocol: LaneProtocol, direction: 'inbound' | 'outbound') {
    this.localPeerId = localPeerId
    this.peerId = peerId
    this.protocol = protocol
    this.direction = direction
  }

  send(chunk: Uint8Array): boolean {
    const other = this.other!
    if (!this.#closed) queueMicrotask(() => other.deliver(chunk))
    return true
  }

  deliver(chunk: Uint8Array): void {
    if (!this.#closed) this.onChunk(chunk)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    queueMicrotask(() => {
      this.onClose()
      this.other?.close()
    })
  }
}

/** Two ends of one lane, for tests of what speaks over it. */
export function lanePair(a: PeerId, b: PeerId, protocol: LaneProtocol): [Lane, Lane] {
  const outbound = new MemoryLane(a, b, protocol, 'outbound')
  const inbound = new MemoryLane(b, a, protocol, 'inbound')
  outbound.other = inbound
  inbound.other = outbound
  return [outbound, inbound]
}

/** All networks of one process that can reach each other. A relay is whoever takes tracker lanes. */
export class MemoryHub {
  readonly #networks = new Map<PeerId, MemoryNetwork>()
  readonly #onTracker: (lane: Lane) => void
  /** What the relay names. */
  keepers: readonly NamedKeeper[] = []

  /** `onTracker` is given the relay's end of each member's tracker lane. */
  constructor(onTracker: (lane: Lane) => void = () => undefined) {
    this.#onTracker = onTracker
  }

  join(name: string): MemoryNetwork {
    return new MemoryNetwork(name as PeerId, this)
  }

  started(network: MemoryNetwork): void {
    this.#networks.set(network.peerId, network)
    const [outbound, inbound] = lanePair(network.peerId, 'relay' as PeerId, '/quire/tracker/1')
    this.#onTracker(inbound)
    network.take(outbound)
  }

  stopped(network: MemoryNetwork): void {
    // Another of the same name may be here by now: one that starts again after a crash.
    if (this.#networks.get(network.peerId) === network) this.#networks.delete(network.peerId)
  }

  connect(from: PeerId, to: PeerId, protocol: LaneProtocol): Lane {
    const target = this.#networks.get(to)
    if (!target) throw new Error(`${to} is not here`)
    const [outbound, inbound] = lanePair(from, to, protocol)
    target.take(inbound)
    return outbound
  }
}

/** A network without wires, for tests of everything above it. Its record is its name. */
export class MemoryNetwork implements Network {
  readonly peerId: PeerId
  readonly #hub: MemoryHub
  readonly #lanes: Lane[] = []
  #started = false
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(peerId: PeerId, hub: MemoryHub) {
    this.peerId = peerId
    this.#hub = hub
  }

  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    this.#hub.started(this)
    this.onStatus(this.status())
  }

  async stop(): Promise<void> {
    this.#started = false
    this.#hub.stopped(this)
    for (const lane of this.#lanes.splice(0)) lane.close()
  }

  /** Somebody connected. */
  take(lane: Lane): void {
    this.#lanes.push(lane)
    this.onLane(lane)
  }

  status(): NetworkStatus {
    const { keepers } = this.#hub
    return { peerId: this.peerId, relays: [{ url: 'memory', state: 'reserved' }], keepers, webrtc: true }
  }

  async selfRecord(): Promise<Uint8Array | undefined> {
    return this.#started ? utf8Encode(this.peerId) : undefined
  }

  async connect(record: Uint8Array, { protocol = '/quire/exchange/1' }: ConnectOptions): Promise<Lane> {
    const lane = this.#hub.connect(this.peerId, utf8Decode(record) as PeerId, protocol)
    this.#lanes.push(lane)
    return lane
  }

  addRelay(): void {}

  addSpares(): void {}

  nudge(): void {}
}
