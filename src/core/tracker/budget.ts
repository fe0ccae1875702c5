import { trackerBurst, trackerPerSecond } from '../limits.ts'

/** What one client may still cause a tracker to do, in messages: a whole library at once, then a steady trickle. [TR8] */
export class Budget {
  #left = trackerBurst
  #atMs: number

  constructor(nowMs: number) {
    this.#atMs = nowMs
  }

  /** Takes `cost` if there is as much. */
  spend(nowMs: number, cost: number): boolean {
    const earned = (Math.max(0, nowMs - this.#atMs) * trackerPerSecond) / 1000
    this.#left = Math.min(trackerBurst, this.#left + earned)
    this.#atMs = Math.max(this.#atMs, nowMs)
    if (this.#left < cost) return false
    this.#left -= cost
    return true
  }
}
