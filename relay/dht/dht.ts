import { createHash } from 'node:crypto'
import { kadDHT, type KadDHT, type KadDHTComponents, type KadDHTInit, passthroughMapper } from '@libp2p/kad-dht'
import type { Connection, PeerId, Stream, StreamHandler } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { code as raw } from 'multiformats/codecs/raw'
import { create as digestOf } from 'multiformats/hashes/digest'
import { bytesOfHex } from '../../src/core/bytes.ts'
import type { SwarmId } from '../../src/core/ids.ts'
import {
  dhtClientSelfMs,
  dhtCopies,
  dhtMessageMs,
  dhtPaths,
  dhtRequestBurst,
  dhtRequestBytesMax,
  dhtRequestsPerSecond,
  dhtSelfMs
} from '../../src/core/limits.ts'
import { Budget } from '../../src/core/tracker/budget.ts'
import type { Refuse } from '../limits/refusals.ts'
import type { ProviderStore } from './provider-store.ts'

/** Of Quire's relays among themselves: no other program's DHT has it. */
export const dhtProtocol = '/quire/kad/1'

/** kad-dht, with what tells its driver of the relays that it knows. */
export type Dht = KadDHT & { readonly routingTable: EventTarget & { readonly size: number } }

export interface DhtOptions {
  readonly store: ProviderStore
  readonly refuse: Refuse
  /** Called with each request that another sends. */
  readonly onRequest: (connection: Connection) => void
}

const sha256Code = 0x12
/** A timer cannot wait longer; the store forgets by itself, and the mesh says again what counts. */
const neverMs = 2 ** 31 - 1

/**
 * Where in the DHT the relays of a swarm are found: under a hash of its id. Whoever stores that learns of a swarm that
 * there is one, and cannot ask a tracker about it. [RN2]
 */
export function swarmKey(swarmId: SwarmId): CID {
  const hash = createHash('sha256').update('quire swarm 1\0').update(bytesOfHex(swarmId)!).digest()
  return CID.createV1(raw, digestOf(sha256Code, hash))
}

const settings: KadDHTInit = {
  protocol: dhtProtocol,
  kBucketSize: dhtCopies,
  alpha: dhtPaths,
  disjointPaths: dhtPaths,
  networkDialTimeout: { maxTimeout: dhtMessageMs },
  // Which addresses are dialled is decided for all dials in one place.
  peerInfoMapper: passthroughMapper,
  allowQueryWithZeroPeers: true,
  querySelfInterval: dhtSelfMs,
  reprovide: { interval: neverMs }
}

/** Asks the relays of the DHT, and is none of them: nobody asks it, and it remembers nothing for others. [RN15] */
export const dhtClient = (components: KadDHTComponents): Dht =>
  kadDHT({ ...settings, clientMode: true, querySelfInterval: dhtClientSelfMs })(components) as Dht

/** The Kademlia DHT among relays, as a service of libp2p. */
export function dhtService(options: DhtOptions): (components: KadDHTComponents) => Dht {
  return (components) => {
    const { registrar } = components
    const { peerId, privateKey, addressManager, peerStore, connectionManager, events, logger, ping } = components
    return kadDHT({ ...settings, clientMode: false })({
      ...{ peerId, privateKey, addressManager, peerStore, connectionManager, events, logger, ping },
      datastore: options.store,
      registrar: {
        getProtocols: () => registrar.getProtocols(),
        getHandler: (protocol) => registrar.getHandler(protocol),
        unhandle: (protocol, unhandling) => registrar.unhandle(protocol, unhandling),
        register: (protocol, topology, registering) => registrar.register(protocol, topology, registering),
        unregister: (id) => registrar.unregister(id),
        getTopologies: (protocol) => registrar.getTopologies(protocol),
        use: (protocol, middleware) => registrar.use(protocol, middleware),
        unuse: (protocol) => registrar.unuse(protocol),
        getMiddleware: (protocol) => registrar.getMiddleware(protocol),
        handle: (protocol, handler, handling) => registrar.handle(protocol, guarded(handler, options), handling)
      }
    }) as Dht
  }
}

/** What anybody may ask of the DHT: so many requests of one connection, each of a bounded size. [RN11] */
export function guarded(
  handler: StreamHandler,
  { refuse, onRequest }: Pick<DhtOptions, 'refuse' | 'onRequest'>,
  now = () => performance.now()
): StreamHandler {
  const budgets = new WeakMap<Connection, Budget>()
  return (stream: Stream, connection: Connection) => {
    const nowMs = now()
    const budget = budgets.get(connection) ?? new Budget(nowMs, dhtRequestBurst, dhtRequestsPerSecond)
    budgets.set(connection, budget)
    if (!budget.spend(nowMs, 1)) {
      refuse('dht-requests', connection)
      return stream.abort(new Error('it asks for too much'))
    }
    let bytes = 0
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
      if (bytes <= dhtRequestBytesMax) return
      refuse('dht-requests', connection)
      stream.abort(new Error('its request is too long'))
    })
    onRequest(connection)
    return handler(stream, connection)
  }
}

/** Relays that the DHT knows, kept by its events. */
export function knownRelays(dht: Dht, onFirst: () => void, onNew: (id: PeerId) => void): ReadonlySet<string> {
  const known = new Set<string>()
  const nameOf = (event: Event) => (event as CustomEvent<PeerId>).detail.toString()
  dht.routingTable.addEventListener('peer:add', (event) => {
    const isFirst = known.size === 0
    known.add(nameOf(event))
    if (isFirst) onFirst()
    onNew((event as CustomEvent<PeerId>).detail)
  })
  dht.routingTable.addEventListener('peer:remove', (event) => known.delete(nameOf(event)))
  return known
}
