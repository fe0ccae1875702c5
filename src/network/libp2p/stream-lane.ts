import type { Connection, Stream } from '@libp2p/interface'
import type { LaneId, PeerId } from '../../core/ids.ts'
import type { ConnectionKind, Lane, LaneProtocol } from '../types.ts'

let lastLane = 0

/** A libp2p stream as a lane. */
export class StreamLane implements Lane {
  readonly id = ++lastLane as LaneId
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  kind: ConnectionKind
  onChunk: (chunk: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onClose: (error?: Error) => void = () => undefined
  readonly #stream: Stream
  #isClosed = false

  constructor(stream: Stream, connection: Connection, localPeerId: PeerId, protocol: LaneProtocol) {
    this.#stream = stream
    this.peerId = connection.remotePeer.toString() as PeerId
    this.localPeerId = localPeerId
    this.protocol = protocol
    this.direction = stream.direction
    this.kind = kindOf(connection)
    // What comes is bounded by what we ask for, not by a reader that pauses.
    stream.addEventListener('message', ({ data }) => {
      if (data instanceof Uint8Array) this.onChunk(data)
      else for (const part of data) this.onChunk(part)
    })
    stream.addEventListener('drain', () => this.onDrain())
    stream.addEventListener('remoteCloseWrite', () => this.close())
    stream.addEventListener('close', ({ error }) => this.#closed(error))
  }

  send(chunk: Uint8Array): boolean {
    if (this.#stream.status !== 'open') return false
    try {
      return this.#stream.send(chunk)
    } catch {
      this.#stream.abort(new Error('the lane broke while sending'))
      return false
    }
  }

  /** What was sent goes out first; a peer that does not take it within a while is cut off. */
  close(): void {
    if (this.#stream.status !== 'open') return
    this.#stream.close({ signal: AbortSignal.timeout(closeTimeoutMs) }).catch((error: Error) => this.#stream.abort(error))
  }

  #closed(error?: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.onClose(error)
  }
}

const closeTimeoutMs = 2_000

export function kindOf(connection: Connection): ConnectionKind {
  const address = connection.remoteAddr.toString()
  if (address.includes('/webrtc')) return 'direct'
  return address.includes('/p2p-circuit') || connection.limits !== undefined ? 'relayed' : 'socket'
}

/** Whether a WebRTC connection goes through a TURN server, as the browser's own statistics tell. */
export async function goesThroughTurn(connection: Connection): Promise<boolean> {
  const { peerConnection } = (connection as { muxer?: { peerConnection?: RTCPeerConnection } }).muxer ?? {}
  if (!peerConnection?.getStats) return false
  const stats = await peerConnection.getStats()
  const all = [...(stats as unknown as Map<string, Record<string, unknown>>).values()]
  const pair = all.find((each) => each.type === 'candidate-pair' && each.state === 'succeeded' && each.nominated === true)
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId]
  return all.some((each) => ends.includes(each.id) && each.candidateType === 'relay')
}
