import { addressesCountedMax } from '../../src/core/limits.ts'
import { Budget } from '../../src/core/tracker/budget.ts'

/** What each address may still cause: much at once, then a steady trickle. Those unused for longest are forgotten. */
export class AddressBudgets {
  readonly #burst: number
  readonly #perSecond: number
  readonly #budgets = new Map<string, Budget>()

  constructor(burst: number, perSecond: number) {
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Whether `key` may cause this; always where there is no key. */
  spend(nowMs: number, key: string | undefined, cost = 1): boolean {
    if (key === undefined) return true
    const budget = this.#budgets.get(key) ?? new Budget(nowMs, this.#burst, this.#perSecond)
    this.#budgets.delete(key)
    this.#budgets.set(key, budget)
    if (this.#budgets.size > addressesCountedMax) this.#budgets.delete(this.#budgets.keys().next().value!)
    return budget.spend(nowMs, cost)
  }
}

/** How many of something each address has open. */
export class AddressCounts {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Counts one more, unless that is too many. */
  enter(key: string | undefined): boolean {
    if (key === undefined) return true
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#most) return false
    this.#counts.set(key, count + 1)
    return true
  }

  leave(key: string | undefined): void {
    if (key === undefined) return
    const count = (this.#counts.get(key) ?? 1) - 1
    if (count === 0) this.#counts.delete(key)
    else this.#counts.set(key, count)
  }
}
