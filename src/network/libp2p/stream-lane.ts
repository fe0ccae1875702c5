import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../core/ids.ts'
import { laneAheadBytesMax, laneCloseMs, laneUnsentBytesMax, unstoredBytesMax } from '../../core/limits.ts'
import { newLaneId } from '../lane-id.ts'
import type { ConnectionKind, Lane, LaneProtocol } from '../types.ts'
import { sendWhole } from './whole-messages.ts'

/** A libp2p stream as a lane. Chunks that it hands on belong to whoever takes them, with their buffers. */
export class StreamLane implements Lane {
  readonly id = newLaneId()
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  readonly protocol: LaneProtocol
  readonly direction: 'inbound' | 'outbound'
  foreign = false
  isExcess = false
  /** When it last carried something, either way, or began. */
  usedAtMs = Date.now()
  kind: ConnectionKind
  onDrain: () => void = () => undefined
  /** It was closed since nothing came over it any more. */
  onLost: (reason: Error) => void = () => undefined
  readonly #stream: Stream
  /** Chunks that came before anybody listened. */
  #early: Uint8Array[] | undefined = []
  #onChunk: (chunk: Uint8Array) => void = (chunk) => this.#early?.push(chunk)
  #onClose: ((error?: Error) => void) | undefined
  #closed: { readonly error: Error | undefined } | undefined

  constructor(stream: Stream, connection: Connection, localPeerId: PeerId, protocol: LaneProtocol) {
    this.#stream = stream
    this.peerId = connection.remotePeer.toString() as PeerId
    this.localPeerId = localPeerId
    this.protocol = protocol
    this.direction = stream.direction
    this.kind = kindOf(connection)
    // A message of a data channel has a buffer of its own; what a multiplexer cuts from a socket shares one.
    const ownsBuffers = this.kind === 'direct' || this.kind === 'turn'
    const take = (part: Uint8Array) => {
      this.usedAtMs = Date.now()
      this.#onChunk(ownsBuffers ? part : part.slice())
    }
    if (ownsBuffers) sendWhole(stream)
    // What comes is bounded by what was asked for, not by a reader that pauses.
    stream.maxReadBufferLength = unstoredBytesMax
    // What goes out is bounded too, where a sender does not heed that the lane takes no more. [NW45]
    stream.maxWriteBufferLength = Math.min(stream.maxWriteBufferLength ?? Infinity, laneUnsentBytesMax)
    stream.addEventListener('message', ({ data }) => {
      if (data instanceof Uint8Array) take(data)
      else for (const part of data) take(part)
    })
    // The stream first sends on what waits in it.
    stream.addEventListener('drain', () => queueMicrotask(() => this.#drained()))
    stream.addEventListener('remoteCloseWrite', () => this.close())
    stream.addEventListener('close', ({ error }) => this.#noteClose(error))
  }

  get onChunk(): (chunk: Uint8Array) => void {
    return this.#onChunk
  }

  set onChunk(take: (chunk: Uint8Array) => void) {
    const early = this.#early ?? []
    this.#early = undefined
    this.#onChunk = take
    for (const chunk of early) take(chunk)
  }

  get onClose(): (error?: Error) => void {
    return this.#onClose ?? (() => undefined)
  }

  set onClose(tell: (error?: Error) => void) {
    const { error } = this.#closed ?? {}
    if (this.#closed && !this.#onClose) queueMicrotask(() => tell(error)) // it closed before anybody listened
    this.#onClose = tell
  }

  send(chunk: Uint8Array): boolean {
    if (this.#stream.status !== 'open') return false
    this.usedAtMs = Date.now()
    try {
      return this.#stream.send(chunk)
    } catch (cause) {
      this.#stream.abort(new Error('the lane broke while sending', { cause }))
      return false
    }
  }

  /** What was sent goes out first; a peer that does not take it, or does not close its side, is cut off. */
  close(lost = false): void {
    if (lost) return this.#lose()
    if (this.#stream.status !== 'open' || this.#stream.writeStatus !== 'writable') return
    const cut = (cause?: unknown) => this.#stream.abort(new Error('the lane did not close in time', { cause }))
    const late = setTimeout(cut, laneCloseMs)
    this.#stream.addEventListener('close', () => clearTimeout(late), { once: true })
    this.#stream.close({ signal: AbortSignal.timeout(laneCloseMs) }).catch(cut)
  }

  /** A peer that takes a little at a time must not have more gathered here each time. [NW45] */
  #drained(): void {
    if (this.#stream.writeBufferLength < laneAheadBytesMax) this.onDrain()
  }

  #lose(): void {
    const reason = new Error('nothing came over the lane any more')
    this.#stream.abort(reason)
    this.onLost(reason)
  }

  #noteClose(error?: Error): void {
    if (this.#closed) return
    this.#closed = { error }
    this.#onClose?.(error)
  }
}

export function kindOf(connection: Connection): ConnectionKind {
  const address = connection.remoteAddr.toString()
  // A relay's own webrtc-direct is a socket to it.
  if (/\/webrtc(\/|$)/.test(address)) return 'direct'
  return address.includes('/p2p-circuit') || connection.limits !== undefined ? 'relayed' : 'socket'
}

/**
 * Tells each time whether a WebRTC connection goes through a TURN server, as the browser's own statistics say: now, and
 * whenever it changes its way, until the function that it gives is called. [NW28]
 */
export function watchTurn(connection: Connection, tell: (turn: boolean) => void): () => void {
  const { peerConnection } = (connection as { muxer?: { peerConnection?: RTCPeerConnection } }).muxer ?? {}
  if (!peerConnection?.getStats) return () => undefined
  const look = () => void goesThroughTurn(peerConnection).then(tell, () => undefined)
  const ice = peerConnection.sctp?.transport.iceTransport
  ice?.addEventListener?.('selectedcandidatepairchange', look)
  look()
  return () => ice?.removeEventListener?.('selectedcandidatepairchange', look)
}

async function goesThroughTurn(peerConnection: RTCPeerConnection): Promise<boolean> {
  const stats = await peerConnection.getStats()
  const all = [...(stats as unknown as Map<string, Record<string, unknown>>).values()]
  const selected = all.find((each) => each.type === 'transport')?.selectedCandidatePairId
  const pair = all.find((each) =>
    selected === undefined
      ? each.type === 'candidate-pair' && each.state === 'succeeded' && each.nominated === true
      : each.id === selected
  )
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId]
  return all.some((each) => ends.includes(each.id) && each.candidateType === 'relay')
}
