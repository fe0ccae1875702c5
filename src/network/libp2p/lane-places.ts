import type { Connection, Libp2p, NewStreamOptions, Stream } from '@libp2p/interface'
import { laneIdleMs, lanesPerPeerMax, lanesRefusedMax, streamsPerConnectionMax } from '../../core/limits.ts'
import { TooManyLanes } from '../errors.ts'
import type { LaneProtocol } from '../types.ts'
import { cut } from './cut.ts'
import type { StreamLane } from './stream-lane.ts'

/** Of one connection; those of a peer are bounded before, in a way that it hears of. */
const streamsMax = lanesPerPeerMax + lanesRefusedMax

/** Makes a lane of a stream on a connection. */
export type LaneMaker = (stream: Stream, connection: Connection, protocol: LaneProtocol) => StreamLane

/** What is asked of a node. */
type LaneNode = Pick<Libp2p, 'handle' | 'getConnections'>

/** Places of one peer, protocol and direction: of lanes that are open, and of those that are being opened. */
type Places = Map<symbol, StreamLane | undefined>

/**
 * Opens lanes and takes those that peers open, a bounded number with each peer, over all connections to it. Whoever
 * carried nothing for longest ends for one more. [NW47]
 */
export class LanePlaces {
  readonly #laneOf: LaneMaker
  readonly #places = new Map<string, Places>()
  /** Lanes that were refused to a peer since it was last given one. */
  readonly #refused = new Map<string, number>()

  constructor(laneOf: LaneMaker) {
    this.#laneOf = laneOf
  }

  /** Throws TooManyLanes, or why libp2p cannot. */
  async open(connection: Connection, protocol: LaneProtocol, options: NewStreamOptions): Promise<StreamLane> {
    const place = this.#find(`${connection.remotePeer} ${protocol} outbound`)
    if (!place) throw new TooManyLanes()
    try {
      const stream = await connection.newStream(protocol, options)
      return place.take(this.#laneOf(stream, connection, protocol), stream)
    } catch (error) {
      place.free()
      throw error
    }
  }

  /** What peers open is told, also what is one too many: whoever is told says so to its peer. */
  async serve(node: LaneNode, protocol: LaneProtocol, onLane: (lane: StreamLane) => void): Promise<void> {
    const take = (stream: Stream, connection: Connection): void => {
      const lane = this.#laneOf(stream, connection, protocol)
      const place = this.#find(`${connection.remotePeer} ${protocol} inbound`)
      place?.take(lane, stream)
      lane.isExcess = !place
      if (this.#isTooOften(lane))
        for (const each of node.getConnections(connection.remotePeer)) cut(each, new TooManyLanes())
      onLane(lane)
    }
    const bounds = { maxInboundStreams: streamsMax, maxOutboundStreams: streamsMax }
    await node.handle(protocol, take, { runOnLimitedConnection: true, ...bounds })
  }

  #isTooOften({ peerId, isExcess }: StreamLane): boolean {
    const refused = isExcess ? (this.#refused.get(peerId) ?? 0) + 1 : 0
    if (refused === 0 || refused === lanesRefusedMax) this.#refused.delete(peerId)
    else this.#refused.set(peerId, refused)
    return refused === lanesRefusedMax
  }

  #find(of: string) {
    const places = this.#places.get(of) ?? (new Map() as Places)
    if (places.size >= lanesPerPeerMax && !endIdle(places)) return undefined
    const place = Symbol()
    this.#places.set(of, places.set(place, undefined))
    const free = (): void => {
      places.delete(place)
      if (places.size === 0 && this.#places.get(of) === places) this.#places.delete(of)
    }
    const take = (lane: StreamLane, stream: Stream): StreamLane => {
      places.set(place, lane)
      stream.addEventListener('close', free)
      return lane
    }
    return { take, free }
  }
}

/** Ends the lane that carried nothing for longest, if that is long enough. */
function endIdle(places: Places): boolean {
  const before = Date.now() - laneIdleMs
  const idle = [...places].filter(([, lane]) => lane && lane.usedAtMs <= before)
  const [place, lane] = idle.sort(([, one], [, other]) => one!.usedAtMs - other!.usedAtMs)[0] ?? []
  if (!place) return false
  places.delete(place)
  lane!.close()
  return true
}

/** A peer may open streams that never say what they speak: libp2p bounds those of a socket, and those over WebRTC it does not. [NW47] */
export function boundStreams(connection: Connection): void {
  const { muxer } = connection as { muxer?: EventTarget }
  muxer?.addEventListener('stream', (event) => {
    const { detail: stream } = event as CustomEvent<Stream>
    if (connection.streams.length > streamsPerConnectionMax) stream.abort(new TooManyLanes())
  })
}
