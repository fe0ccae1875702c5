import type { BlockRange } from '../block/bitmap.ts'
import { rangesPerFrameMax } from '../limits.ts'
import { BadFrame } from './errors.ts'

/** Reads little-endian fields from a payload; throws BadFrame past its end. */
export class PayloadReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  ranges(): BlockRange[] {
    const count = this.u16()
    if (count > rangesPerFrameMax) throw new BadFrame('too many ranges')
    return Array.from({ length: count }, () => {
      const range = { start: this.u32(), count: this.u32() }
      if (range.count === 0 || range.start + range.count > 0xffff_ffff)
        throw new BadFrame('a range is empty or endless')
      return range
    })
  }

  /** Ranges that rise and do not touch: each set of blocks has one form, and costs its reader no more than its size. */
  risingRanges(): BlockRange[] {
    const ranges = this.ranges()
    let end = -1
    for (const { start, count } of ranges) {
      if (start <= end) throw new BadFrame('ranges do not rise')
      end = start + count
    }
    return ranges
  }

  end(): void {
    if (this.left !== 0) throw new BadFrame('a message is longer than what it says')
  }

  #take(length: number): number {
    if (length > this.left) throw new BadFrame('a message is cut')
    const at = this.#at
    this.#at += length
    return at
  }
}

/** Fills one buffer of a length known beforehand. */
export class PayloadWriter {
  readonly bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at, value)
    this.#at += 1
    return this
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true)
    this.#at += 2
    return this
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true)
    this.#at += 4
    return this
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  ranges(ranges: readonly BlockRange[]): this {
    this.u16(ranges.length)
    for (const { start, count } of ranges) this.u32(start).u32(count)
    return this
  }
}

export const rangesBytes = (ranges: readonly BlockRange[]): number => 2 + 8 * ranges.length
