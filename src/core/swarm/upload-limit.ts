import { uploadBurstMs } from '../limits.ts'

/**
 * How fast everything together is sent: a bucket that fills at so many bytes a second. One for all data sets of an
 * engine; those that wait for it get turns. What is let out may overdraw it, so that blocks larger than the bucket go
 * out too, and the next waits longer. [SW18]
 */
export class UploadLimit {
  readonly bytesPerSecond: number
  #bytes: number
  #filledAtMs = -Infinity
  /** Who was refused, in the order in which they get their turn. */
  readonly #waiting = new Set<object>()

  /** Throws RangeError when it is not above zero. */
  constructor(bytesPerSecond: number) {
    if (!(bytesPerSecond > 0)) throw new RangeError('an upload limit is above zero')
    this.bytesPerSecond = bytesPerSecond
    this.#bytes = this.#fullBytes
  }

  /** Whether so much may go out now; who is refused has its turn at `readyAtMs`. */
  take(nowMs: number, who: object, bytes: number): boolean {
    this.#fill(nowMs)
    const [first] = this.#waiting
    if (this.#bytes <= 0 || (first !== undefined && first !== who)) {
      this.#waiting.add(who)
      return false
    }
    this.#waiting.delete(who)
    if (this.#waiting.size > 0) this.#waiting.add(who)
    this.#bytes -= bytes
    return true
  }

  /** When it is worth asking again; Infinity for one that does not wait. */
  readyAtMs(who: object): number {
    if (!this.#waiting.has(who)) return Infinity
    const ready = this.#filledAtMs + Math.max(0, -this.#bytes / this.bytesPerSecond) * 1000 + 1
    const [first] = this.#waiting
    return first === who ? ready : ready + uploadBurstMs
  }

  /** How many get a turn before this one has two. */
  turns(who: object): number {
    return this.#waiting.size + Number(!this.#waiting.has(who))
  }

  /** It has nothing to send any more. */
  withdraw(who: object): void {
    this.#waiting.delete(who)
  }

  get #fullBytes(): number {
    return (this.bytesPerSecond * uploadBurstMs) / 1000
  }

  #fill(nowMs: number): void {
    if (nowMs <= this.#filledAtMs) return
    const passedMs = Math.min(uploadBurstMs * 1e6, nowMs - this.#filledAtMs)
    this.#bytes = Math.min(this.#fullBytes, this.#bytes + (this.bytesPerSecond * passedMs) / 1000)
    this.#filledAtMs = nowMs
  }
}
