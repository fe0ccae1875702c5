import type { BlockRange } from '../block/bitmap.ts'

/** Rising indexes as runs, none touching the next. */
export function runsOf(rising: readonly number[]): BlockRange[] {
  const runs: { start: number; count: number }[] = []
  for (const index of rising) {
    const last = runs.at(-1)
    if (last && last.start + last.count === index) last.count++
    else runs.push({ start: index, count: 1 })
  }
  return runs
}

export const rising = (indexes: Iterable<number>): number[] => [...new Set(indexes)].sort((a, b) => a - b)

export const isWithin = (index: number, ranges: readonly BlockRange[]): boolean =>
  ranges.some(({ start, count }) => index >= start && index < start + count)
