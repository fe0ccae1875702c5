import { expect } from 'vitest'

/**
 * A promised time that a test measured. A machine with other work misses it, and no test fails for that: it is said
 * instead. What takes ten times as long has not been slow but has waited for something else, and fails.
 */
export function expectWithin(goalMs: number, what: string, tookMs: number): void {
  if (tookMs >= goalMs) console.warn(`goal missed: ${what} took ${Math.round(tookMs)} ms, promised are ${goalMs} ms`)
  expect(tookMs, what).toBeLessThan(10 * goalMs)
}
