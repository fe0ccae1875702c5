import { BadFrame } from './errors.ts'

/** u32 length of type and payload, u8 type. */
export const frameHeadBytes = 5

/** Kinds of frames from here on may be passed over by those who do not know them. [EX4] */
export const optionalTypes = 0x80

export interface RawFrame {
  readonly type: number
  /** A view of the chunk that brought it where the frame lies whole in one chunk, else of a buffer of its own. */
  readonly payload: Uint8Array
}

/** The most that a frame of a type may have, counting type and payload. */
export type FrameBytesMax = (type: number) => number

/**
 * Cuts a byte stream into frames. Holds at most one frame of `mostBytes`; a longer one is refused by its head,
 * before it is read. [EX1] [EX2]
 */
export class FrameReader {
  readonly #mostBytes: FrameBytesMax
  #partial = new Uint8Array(0)
  #filled = 0

  constructor(mostBytes: number | FrameBytesMax) {
    this.#mostBytes = typeof mostBytes === 'number' ? () => mostBytes : mostBytes
  }

  /** The frames that this chunk completes; throws BadFrame. */
  *push(chunk: Uint8Array): Generator<RawFrame> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#filled === 0 && rest.length >= frameHeadBytes) {
        const length = this.#lengthOf(rest)
        if (rest.length >= length) {
          yield frameOf(rest.subarray(0, length))
          rest = rest.subarray(length)
          continue
        }
      }
      rest = rest.subarray(this.#gather(rest))
      if (this.#filled < frameHeadBytes || this.#filled < this.#lengthOf(this.#partial)) continue
      const whole = this.#partial
      this.#partial = new Uint8Array(0)
      this.#filled = 0
      yield frameOf(whole)
    }
  }

  /** Whole length on the wire of the frame that begins here; its head is all there. */
  #lengthOf(bytes: Uint8Array): number {
    const length = (bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24)) >>> 0
    if (length === 0 || length > this.#mostBytes(bytes[4]!)) throw new BadFrame('a message has an impossible length')
    return 4 + length
  }

  /** Takes from `bytes` what the partial frame lacks; returns how much. */
  #gather(bytes: Uint8Array): number {
    if (this.#filled < frameHeadBytes) {
      if (this.#partial.length < frameHeadBytes) this.#partial = new Uint8Array(frameHeadBytes)
    } else if (this.#partial.length === frameHeadBytes && this.#lengthOf(this.#partial) > frameHeadBytes) {
      const whole = new Uint8Array(this.#lengthOf(this.#partial))
      whole.set(this.#partial)
      this.#partial = whole
    }
    const taken = Math.min(bytes.length, this.#partial.length - this.#filled)
    this.#partial.set(bytes.subarray(0, taken), this.#filled)
    this.#filled += taken
    return taken
  }
}

const frameOf = (bytes: Uint8Array): RawFrame => ({ type: bytes[4]!, payload: bytes.subarray(frameHeadBytes) })
