import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'

const makeId = async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
export type Id = Awaited<ReturnType<typeof makeId>>

/** So many peer ids, the lowest first. */
export async function makeIds(count: number): Promise<Id[]> {
  const ids = await Promise.all(Array.from({ length: count }, makeId))
  return ids.sort((a, b) => (a.toString() < b.toString() ? -1 : 1))
}

/** How far a dial is. */
export type OnProgress = (event: { readonly type: string; readonly detail: unknown }) => void

export interface Shape {
  address: string
  direction?: 'inbound' | 'outbound'
  limits?: { bytes: bigint }
  protocols?: string[]
}

/** Just so much of a libp2p node as looking for peers takes. Who is at an address stands at its end, or it is `them`. */
export class FakeNode extends EventTarget {
  readonly peerId: Id
  readonly them: Id | undefined
  connections: Connection[] = []
  dialled: string[] = []
  /** What a dial to such an address does. */
  dials: (address: string, onProgress?: OnProgress) => Promise<Shape> = () => Promise.reject(new Error('unreachable'))

  constructor(peerId: Id, them?: Id) {
    super()
    this.peerId = peerId
    this.them = them
  }

  getPeers = () => []
  getConnections = (peer: Id) => this.connections.filter((each) => each.remotePeer.toString() === peer.toString())

  async dial(
    address: Multiaddr,
    { signal, onProgress }: { signal: AbortSignal; onProgress?: OnProgress }
  ): Promise<Connection> {
    this.dialled.push(address.toString())
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => giveUp(signal.reason))
    return this.open(await Promise.race([this.dials(address.toString(), onProgress), given]))
  }

  open({ address, direction = 'outbound', limits, protocols = [] }: Shape): Connection {
    const remotePeer = /\/p2p\/([^/]+)$/.exec(address)?.[1] ?? String(this.them)
    const connection = {
      status: 'open',
      remotePeer: { toString: () => remotePeer },
      remoteAddr: multiaddr(address),
      direction,
      limits,
      timeline: { open: Date.now() },
      streams: protocols.map((protocol) => ({ protocol, status: 'open' })),
      abort: () => void (connection.status = 'closed'),
      close: async () => void (connection.status = 'closed')
    }
    this.connections.push(connection as unknown as Connection)
    this.dispatchEvent(new CustomEvent('connection:open', { detail: connection }))
    return connection as unknown as Connection
  }
}
