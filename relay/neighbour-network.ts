import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../src/core/ids.ts'
import { PeerUnreachable } from '../src/network/errors.ts'
import { LanePlaces } from '../src/network/libp2p/lane-places.ts'
import { openRecord, sealRecord } from '../src/network/libp2p/records.ts'
import { kindOf, StreamLane } from '../src/network/libp2p/stream-lane.ts'
import { lanePair } from '../src/network/memory.ts'
import type { ConnectOptions, Lane, LaneProtocol, Network, NetworkStatus } from '../src/network/types.ts'
import type { RelayNode } from './circuits.ts'
import type { TrackerService } from './tracker-service.ts'

export interface NeighbourOptions {
  readonly node: RelayNode
  readonly privateKey: PrivateKey
  readonly tracker: TrackerService
  readonly addresses: readonly Multiaddr[]
}

const served: readonly LaneProtocol[] = ['/quire/exchange/1', '/quire/keep/1']

/**
 * The peers that are connected to this relay, as a network: lanes go both ways over the sockets that tabs opened, and
 * nobody is dialled. The tracker is the relay's own.
 */
export class NeighbourNetwork implements Network {
  readonly peerId: PeerId
  readonly #options: NeighbourOptions
  readonly #places = new LanePlaces((...of) => new StreamLane(of[0], of[1], this.peerId, of[2]))
  #record: Promise<Uint8Array> | undefined
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined
  #starting: Promise<void> | undefined

  constructor(options: NeighbourOptions) {
    this.#options = options
    this.peerId = options.node.peerId.toString() as PeerId
  }

  start(): Promise<void> {
    this.#starting ??= this.#begin()
    return this.#starting
  }

  async stop(): Promise<void> {
    await Promise.all(served.map((protocol) => this.#options.node.unhandle(protocol)))
  }

  status(): NetworkStatus {
    return { peerId: this.peerId, relays: [], webrtc: false }
  }

  selfRecord(): Promise<Uint8Array> {
    this.#record ??= sealRecord(this.#options.privateKey, this.#options.addresses)
    return this.#record
  }

  async connect(record: Uint8Array, { signal, protocol = '/quire/exchange/1' }: ConnectOptions): Promise<Lane> {
    const { peerId } = await openRecord(record)
    const connections = this.#options.node.getConnections(peerIdFromString(peerId))
    const connection = connections.find((each) => each.status === 'open' && kindOf(each) === 'socket')
    if (!connection) throw new PeerUnreachable()
    return this.#places.open(connection, protocol, { signal })
  }

  addRelay(): void {}

  addSpares(): void {}

  nudge(): void {}

  async #begin(): Promise<void> {
    for (const protocol of served) await this.#places.serve(this.#options.node, protocol, (lane) => this.onLane(lane))
    const [ours, theirs] = lanePair(this.peerId, this.peerId, '/quire/tracker/1')
    this.#options.tracker.accept(theirs, 'own')
    this.onLane(ours)
  }
}
