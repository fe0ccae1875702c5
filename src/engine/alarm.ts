import type { Timers } from './watch.ts'

/** A platform timer takes at most this; a later wake is set again when it is due. */
const longestMs = 2 ** 31 - 1

/** One timer that follows a machine's `wakeAtMs`. */
export class Alarm {
  readonly #timers: Timers
  #atMs = Infinity
  #cancel: (() => void) | undefined

  constructor(timers: Timers) {
    this.#timers = timers
  }

  setAtMs(atMs: number, wake: () => void): void {
    if (atMs === this.#atMs) return
    this.cancel()
    if (atMs === Infinity) return
    this.#atMs = atMs
    const delayMs = Math.min(longestMs, Math.max(0, Math.ceil(atMs - this.#timers.nowMs())))
    this.#cancel = this.#timers.after(delayMs, () => {
      this.#atMs = Infinity
      this.#cancel = undefined
      wake()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = Infinity
  }
}
