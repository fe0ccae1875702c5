import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../core/ids.ts'
import { circuitReserveBytes } from '../../core/limits.ts'
import type { LaneProtocol } from '../types.ts'
import { kindOf } from './stream-lane.ts'

export const exchangeProtocol: LaneProtocol = '/quire/exchange/1'

export const carriesLanes = ({ streams }: Connection): boolean =>
  streams.some(({ protocol }) => protocol === exchangeProtocol)

const isRelayed = (connection: Connection): boolean => kindOf(connection) === 'relayed'

/** The connections that a node has to its peers, by what they are good for. */
export class OpenConnections {
  readonly #node: Libp2p
  /** They say that they are open and carry nothing. [NW43] */
  readonly #lost = new WeakSet<Connection>()

  constructor(node: Libp2p) {
    this.#node = node
  }

  to(peerId: PeerId): Connection[] {
    return this.all(peerId).filter((connection) => !this.isLost(connection))
  }

  /** With those that were lost. */
  all(peerId: PeerId): Connection[] {
    return this.#node.getConnections(peerIdFromString(peerId)).filter(({ status }) => status === 'open')
  }

  isLost(connection: Connection): boolean {
    return this.#lost.has(connection)
  }

  lose(connection: Connection): void {
    this.#lost.add(connection)
  }

  /** Of two dials at once, the one that both sides leave to the other. [NW11] */
  givesWayTo(peerId: PeerId): boolean {
    return peerId < this.#node.peerId.toString()
  }

  /** Where both sides dialled at once, both take the connection that the lower peer id made. [NW11] */
  direct(peerId: PeerId): Connection | undefined {
    const direct = this.to(peerId).filter((connection) => !isRelayed(connection))
    const wanted = this.givesWayTo(peerId) ? 'inbound' : 'outbound'
    return direct.find(({ direction }) => direction === wanted) ?? direct[0]
  }

  /** A circuit whose budget is nearly used up is left to the lanes it has. [NW12] */
  circuit(peerId: PeerId): Connection | undefined {
    const circuits = this.to(peerId).filter(isRelayed)
    return circuits.find(({ limits }) => limits?.bytes === undefined || limits.bytes > BigInt(circuitReserveBytes))
  }

  isRelaying(peerId: PeerId): boolean {
    return this.to(peerId).some((connection) => isRelayed(connection) && carriesLanes(connection))
  }

  /** A circuit of theirs that is this young and carries no lane is there to arrange WebRTC. */
  hasCall(peerId: PeerId, youngMs: number): boolean {
    const fromMs = Date.now() - youngMs
    const isCall = (each: Connection) => isRelayed(each) && each.direction === 'inbound' && each.timeline.open > fromMs
    return this.to(peerId).some((each) => isCall(each) && !carriesLanes(each))
  }
}
