import { cpuSeconds } from './cpu.ts'

/** One run of one way to do something. `value` is in the unit of its row: MB/s, or milliseconds. */
export interface Sample {
  readonly value: number
  readonly cpuSeconds: number
}

/** A way to do something; what `prepare` costs is not counted. */
export interface Way {
  readonly prepare?: () => Promise<void>
  readonly run: () => Promise<number>
}

/** Runs each way in turn, A B C A B C …, so that a machine that changes its pace changes it for all of them. */
export async function interleaved(
  rounds: number,
  ways: Readonly<Record<string, Way>>
): Promise<Record<string, Sample[]>> {
  const samples: Record<string, Sample[]> = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, { prepare, run }] of Object.entries(ways)) {
      await prepare?.()
      const before = cpuSeconds()
      const value = await run()
      const sample = { value, cpuSeconds: cpuSeconds() - before }
      samples[name]!.push(sample)
      console.error(`  round ${round + 1}: ${name} ${value.toFixed(1)}, ${sample.cpuSeconds.toFixed(1)} CPU-s`)
    }
  }
  return samples
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median of a/b, round by round. */
export function ratio(a: readonly Sample[], b: readonly Sample[], of: keyof Sample): number {
  return median(a.map((sample, i) => sample[of] / b[i]![of]))
}

export const spread = (samples: readonly Sample[]): string =>
  `${median(samples.map((sample) => sample.value)).toFixed(1)} (${samples.map((sample) => sample.value.toFixed(1)).join(' ')})`
