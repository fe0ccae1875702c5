/** A run of blocks: `count` of them from `start`. */
export interface BlockRange {
  readonly start: number
  readonly count: number
}

/** Which of `size` blocks are held. One bit a block, lowest bit first. */
export class Bitmap {
  readonly size: number
  readonly bytes: Uint8Array
  #count: number

  /** `bytes` is taken over, not copied; bits past `size` are cleared. */
  constructor(size: number, bytes: Uint8Array = new Uint8Array(Math.ceil(size / 8))) {
    if (bytes.length !== Math.ceil(size / 8)) throw new RangeError('bitmap bytes do not fit its size')
    this.size = size
    this.bytes = bytes
    if (size % 8 !== 0 && bytes.length > 0) bytes[bytes.length - 1]! &= (1 << (size % 8)) - 1
    this.#count = bytes.reduce((sum, byte) => sum + bitsOf(byte), 0)
  }

  static full(size: number): Bitmap {
    return new Bitmap(size, new Uint8Array(Math.ceil(size / 8)).fill(0xff))
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.size
  }

  has(index: number): boolean {
    return index >= 0 && index < this.size && (this.bytes[index >> 3]! & (1 << (index & 7))) !== 0
  }

  /** Returns whether the bit was not set before. */
  set(index: number): boolean {
    if (index < 0 || index >= this.size) throw new RangeError(`block ${index} is not among ${this.size}`)
    if (this.has(index)) return false
    this.bytes[index >> 3]! |= 1 << (index & 7)
    this.#count++
    return true
  }

  clear(index: number): boolean {
    if (!this.has(index)) return false
    this.bytes[index >> 3]! &= ~(1 << (index & 7))
    this.#count--
    return true
  }

  setRange({ start, count }: BlockRange): void {
    this.#fill(start, start + count, 0xff, (index) => this.set(index))
  }

  clearRange({ start, count }: BlockRange): void {
    this.#fill(Math.max(0, start), Math.min(this.size, start + count), 0, (index) => this.clear(index))
  }

  hasRange({ start, count }: BlockRange): boolean {
    const end = start + count
    if (count > 0 && (start < 0 || end > this.size)) return false
    for (let index = start; index < end;) {
      const whole = index % 8 === 0 && index + 8 <= end
      if (whole ? this.bytes[index >> 3] !== 0xff : !this.has(index)) return false
      index += whole ? 8 : 1
    }
    return true
  }

  /** How many of the run are held. */
  countIn({ start, count }: BlockRange): number {
    let held = 0
    for (let index = start; index < start + count;) {
      const whole = index % 8 === 0 && index + 8 <= start + count
      held += whole ? bitsOf(this.bytes[index >> 3]!) : Number(this.has(index))
      index += whole ? 8 : 1
    }
    return held
  }

  /** Eight blocks at a time where they share a byte: a peer may claim millions at once. */
  #fill(start: number, end: number, value: 0 | 0xff, one: (index: number) => void): void {
    for (let index = start; index < end;) {
      if (index % 8 !== 0 || index + 8 > end || index + 8 > this.size) {
        one(index++)
        continue
      }
      this.#count += bitsOf(value) - bitsOf(this.bytes[index >> 3]!)
      this.bytes[index >> 3] = value
      index += 8
    }
  }

  /** The held blocks as ascending runs, none touching the next. */
  *ranges(): Generator<BlockRange> {
    let start = -1
    for (let index = 0; index <= this.size; index++) {
      const held = this.has(index)
      if (held && start < 0) start = index
      if (!held && start >= 0) {
        yield { start, count: index - start }
        start = -1
      }
    }
  }

  clone(): Bitmap {
    return new Bitmap(this.size, this.bytes.slice())
  }
}

function bitsOf(byte: number): number {
  if (byte === 0xff) return 8
  let bits = 0
  for (let rest = byte; rest > 0; rest &= rest - 1) bits++
  return bits
}
