import { decodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { Frame } from '../../src/core/exchange/types.ts'
import type { LaneId, PeerId } from '../../src/core/ids.ts'
import { laneBufferBytesMax } from '../../src/core/limits.ts'
import type { Lane, LaneProtocol } from '../../src/network/types.ts'

let lastLane = 1_000_000

/** The victim's end of a lane that an attacker opened, and what the attacker sees and does of it. */
export class AttackLane implements Lane {
  readonly id = ++lastLane as LaneId
  readonly protocol: LaneProtocol = '/quire/exchange/1'
  readonly direction = 'inbound'
  readonly kind = 'direct'
  readonly peerId: PeerId
  readonly localPeerId: PeerId
  onChunk: (chunk: Uint8Array) => void = () => undefined
  onDrain: () => void = () => undefined
  onClose: (error?: Error) => void = () => undefined
  /** The victim, or the attacker, closed it. */
  isClosed = false
  /** What the victim said, oldest first. */
  readonly heard: Frame[] = []
  /** The attacker reads; where it does not, what it is sent stays in the lane. */
  reads = true
  /** It takes no more once so much is in it. */
  bufferBytes = laneBufferBytesMax
  unreadBytes = 0
  mostUnreadBytes = 0
  readonly #reader = new FrameReader(frameBytesMaxOf)

  constructor(peerId: PeerId, localPeerId: PeerId) {
    this.peerId = peerId
    this.localPeerId = localPeerId
  }

  /** By the victim. */
  send(chunk: Uint8Array): boolean {
    if (this.isClosed) return true
    if (this.reads) {
      for (const raw of this.#reader.push(chunk)) this.heard.push(decodeFrame(raw))
      return true
    }
    this.unreadBytes += chunk.length
    this.mostUnreadBytes = Math.max(this.mostUnreadBytes, this.unreadBytes)
    return this.unreadBytes < this.bufferBytes
  }

  /** By the victim. */
  close(): void {
    this.end()
  }

  /** By the attacker: bytes that the victim gets. */
  say(chunk: Uint8Array): void {
    if (!this.isClosed) this.onChunk(chunk)
  }

  /** By either. */
  end(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.onClose()
  }

  /** The next frame of a type that the victim said, taken out. */
  take<T extends Frame['type']>(type: T): Extract<Frame, { type: T }> | undefined {
    const place = this.heard.findIndex((frame) => frame.type === type)
    if (place < 0) return undefined
    return this.heard.splice(place, 1)[0] as Extract<Frame, { type: T }>
  }
}
