import { within } from '../support/waiting.ts'
import { cpuSeconds } from './cpu.ts'

/** One run of one way to do something. `value` is in the unit of its row: MB/s, or milliseconds. */
export interface Sample {
  readonly value: number
  readonly cpuSeconds: number
}

/** A way to do something. Neither `prepare` nor `after` is counted. */
export interface Way {
  readonly prepare?: () => Promise<void>
  readonly run: () => Promise<number>
  readonly after?: () => Promise<void>
}

/** One run of one way; a way that takes longer fails its section. */
const runMsMax = 300_000

/** Runs each way in turn, A B C A B C …, so that a machine that changes its pace changes it for all of them. */
export async function interleaved<Name extends string>(
  rounds: number,
  ways: Readonly<Record<Name, Way>>
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(ways) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<Name, Sample[]>
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const sample = await within(runMsMax, `one run of ${name}`, measured(ways[name]))
      samples[name].push(sample)
      tell(`round ${round + 1} of ${rounds}: ${name} ${sample.value.toFixed(1)}, ${sample.cpuSeconds.toFixed(1)} CPU-s`)
    }
  }
  return samples
}

/** What was begun before and nobody tells the end of (writing to disk, collecting garbage, announcing) is over by then. */
export function settled(): Promise<void> {
  // Time: there is no event for it.
  return new Promise((resolve) => setTimeout(resolve, 2_000))
}

async function measured({ prepare, run, after }: Way): Promise<Sample> {
  await prepare?.()
  await settled()
  const before = cpuSeconds()
  const value = await run()
  const sample = { value, cpuSeconds: cpuSeconds() - before }
  await after?.()
  return sample
}

/** Says on stderr how far it is. */
export function tell(text: string): void {
  console.error(`  ${text}`)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median of a/b, round by round. */
export function ratio(a: readonly Sample[], b: readonly Sample[], of: keyof Sample): string {
  return median(a.map((sample, i) => sample[of] / b[i]![of])).toFixed(2)
}

/** The median, and every round behind it. */
export function spread(values: readonly number[], digits = 1): string {
  return `${median(values).toFixed(digits)} (${values.map((value) => value.toFixed(digits)).join(' ')})`
}

export const valuesOf = (samples: readonly Sample[]): number[] => samples.map((sample) => sample.value)
export const cpuOf = (samples: readonly Sample[]): number[] => samples.map((sample) => sample.cpuSeconds)
