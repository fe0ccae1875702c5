import { windowBytesMax, windowBytesMin, windowBytesStart } from '../limits.ts'

/**
 * How many bytes may be asked for and not yet here: bandwidth × delay, found by trying. Each time a whole window has
 * come, the pace is compared with the round before: better, the window grows; much worse, it shrinks. [SW4]
 */
export class Window {
  #bytes = windowBytesStart
  #roundBytes = 0
  #roundStartMs: number | undefined
  #lastPace = 0

  get bytes(): number {
    return this.#bytes
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
    if (pace > this.#lastPace * 1.1) this.#bytes = Math.min(windowBytesMax, this.#bytes * 1.5)
    else if (pace < this.#lastPace * 0.6) this.#bytes = Math.max(windowBytesMin, this.#bytes * 0.75)
    this.#lastPace = pace
    this.#roundBytes = 0
    this.#roundStartMs = nowMs
  }
}
