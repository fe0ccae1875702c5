import {
  blockBytes as usualBlockBytes,
  queueAheadMs,
  windowBlocksMin,
  windowBytesMax,
  windowBytesStart
} from '../limits.ts'

/**
 * How many bytes may be asked for and not yet here: bandwidth × delay, found by trying. Each time a whole window has
 * come, the pace is compared with the round before: better, the window grows; much worse, it shrinks. It doubles
 * until the pace stops rising for the first time, and never holds more than the peer delivers in `queueAheadMs`, so
 * that a slow peer holds up little. [SW4]
 */
export class Window {
  #bytes = windowBytesStart
  #leastBytes = windowBlocksMin * usualBlockBytes
  #roundBytes = 0
  #roundStartMs: number | undefined
  #lastPace = 0
  #isStarting = true

  get bytes(): number {
    return this.#bytes
  }

  /** Bytes a millisecond, by the last round, or by the one under way if that takes long; 0 while nothing is known. */
  paceAt(nowMs: number): number {
    const tookMs = nowMs - (this.#roundStartMs ?? nowMs)
    const isLate = tookMs * this.#lastPace > 2 * this.#bytes
    return this.#lastPace > 0 && !isLate ? this.#lastPace : this.#roundBytes / Math.max(1, tookMs)
  }

  /** The size of blocks is known: some always fit. */
  fit(blockBytes: number): void {
    this.#leastBytes = windowBlocksMin * blockBytes
    this.#bytes = Math.max(this.#bytes, this.#leastBytes)
  }

  /** What was asked had to be asked of others: it begins again from the least. */
  fellBehind(): void {
    this.#bytes = this.#leastBytes
    this.#isStarting = false
  }

  /** The first request after a silence begins a new round: idle time says nothing about the path. */
  asked(nowMs: number, inFlightBytes: number): void {
    if (inFlightBytes > 0) return
    this.#roundStartMs = nowMs
    this.#roundBytes = 0
  }

  received(nowMs: number, bytes: number): void {
    this.#roundBytes += bytes
    this.#roundStartMs ??= nowMs
    if (this.#roundBytes < this.#bytes) return
    const pace = this.#roundBytes / Math.max(1, nowMs - this.#roundStartMs)
    const rose = pace > this.#lastPace * 1.1
    if (rose) this.#bytes *= this.#isStarting ? 2 : 1.5
    else if (pace < this.#lastPace * 0.6) this.#bytes *= 0.75
    this.#isStarting &&= rose
    this.#bytes = Math.max(this.#leastBytes, Math.min(windowBytesMax, pace * queueAheadMs, this.#bytes))
    this.#lastPace = pace
    this.#roundBytes = 0
    this.#roundStartMs = nowMs
  }
}
