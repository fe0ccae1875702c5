import type { SwarmId } from '../ids.ts'
import { Budget } from '../tracker/budget.ts'

/** How much of one kind of work may be done at a time, at once, and each second. */
export interface WorkLimits {
  readonly atOnceMax: number
  readonly burst: number
  readonly perSecond: number
}

/** Swarms that something is to be done about, each once, in the order in which they came. [RN8] */
export class Work {
  readonly #limits: WorkLimits
  readonly #waiting = new Set<SwarmId>()
  readonly #running = new Set<SwarmId>()
  readonly #budget: Budget

  constructor({ atOnceMax, burst, perSecond }: WorkLimits) {
    this.#limits = { atOnceMax, burst, perSecond }
    this.#budget = new Budget(0, burst, perSecond)
  }

  get waiting(): number {
    return this.#waiting.size
  }

  add(swarmId: SwarmId): void {
    this.#waiting.add(swarmId)
  }

  isUnderWay(swarmId: SwarmId): boolean {
    return this.#waiting.has(swarmId) || this.#running.has(swarmId)
  }

  /** It is not wanted any more; what runs goes on to its end. */
  drop(swarmId: SwarmId): void {
    this.#waiting.delete(swarmId)
  }

  done(swarmId: SwarmId): void {
    this.#running.delete(swarmId)
  }

  /** Those that begin now. One that runs is not begun a second time beside it. */
  next(nowMs: number): SwarmId[] {
    const begun: SwarmId[] = []
    for (const swarmId of this.#waiting) {
      if (this.#running.size >= this.#limits.atOnceMax) break
      if (this.#running.has(swarmId)) continue
      if (!this.#budget.spend(nowMs, 1)) break
      this.#waiting.delete(swarmId)
      this.#running.add(swarmId)
      begun.push(swarmId)
    }
    return begun
  }

  /** When more may begin by itself: `done` comes with a turn of its own. */
  nextAtMs(nowMs: number): number {
    const isHeldBack = this.#waiting.size > 0 && this.#running.size < this.#limits.atOnceMax
    return isHeldBack ? nowMs + 1000 / this.#limits.perSecond : Infinity
  }
}
