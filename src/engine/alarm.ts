import type { Timers } from './watch.ts'

/** A platform timer takes at most this; for a later wake it is set again when it rings. */
const longestMs = 2 ** 31 - 1

/**
 * One timer that follows a machine's `wakeAtMs`. A timeout that moves on with every message costs nothing: the timer
 * stays as it is, and is set anew when it rings too soon.
 */
export class Alarm {
  readonly #timers: Timers
  readonly #lookMs: number
  #atMs = Infinity
  /** When the timer rings, at the latest when it is due. */
  #ringsAtMs = Infinity
  #wake: () => void = () => undefined
  #cancel: (() => void) | undefined

  /** The clock is looked at so often, since a timer does not notice that it jumped. */
  constructor(timers: Timers, lookMs = longestMs) {
    this.#timers = timers
    this.#lookMs = lookMs
  }

  setAtMs(atMs: number, wake: () => void): void {
    this.#wake = wake
    if (atMs === this.#atMs) return
    if (atMs === Infinity) return this.cancel()
    this.#atMs = atMs
    if (atMs < this.#ringsAtMs) this.#set()
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = Infinity
    this.#ringsAtMs = Infinity
  }

  #set(): void {
    this.#cancel?.()
    const nowMs = this.#timers.nowMs()
    this.#ringsAtMs = Math.min(this.#atMs, nowMs + this.#lookMs)
    const delayMs = Math.max(0, Math.ceil(this.#ringsAtMs - nowMs))
    this.#cancel = this.#timers.after(delayMs, () => this.#ring())
  }

  #ring(): void {
    if (this.#ringsAtMs < this.#atMs) return this.#set()
    this.#cancel = undefined
    this.#atMs = Infinity
    this.#ringsAtMs = Infinity
    this.#wake()
  }
}
