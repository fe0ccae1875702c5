import { trackerBurst, trackerPerSecond } from '../limits.ts'

/** What one client may still cause a service to do, in messages: much at once, then a steady trickle. [TR8] */
export class Budget {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #atMs: number

  /** By default what a tracker allows: a whole library at once. */
  constructor(nowMs: number, burst = trackerBurst, perSecond = trackerPerSecond) {
    this.#atMs = nowMs
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
  }

  /** Takes `cost` if there is as much. */
  spend(nowMs: number, cost: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) * this.#perSecond) / 1000
    this.#left = Math.min(this.#burst, this.#left + earned)
    this.#atMs = Math.max(this.#atMs, nowMs)
    if (this.#left < cost) return false
    this.#left -= cost
    return true
  }
}
