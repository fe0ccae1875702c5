import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Program, startProgram } from '../support/program.ts'

/** What a program held at one moment, in bytes. */
interface Sample {
  readonly rss: number
  /** JavaScript heap with the buffers that scripts hold; garbage that waits to be collected counts. */
  readonly heap: number
  /** The same once the garbage was collected, each few samples. */
  readonly held?: number
}

/** A program that writes down what it holds. */
export interface MeasuredProgram extends Program {
  /** Samples since the last look, one a second. */
  take(): readonly Sample[]
}

let started = 0

/** Starts `quire <args>`; what it writes down lies in `folder`. */
export function startMeasured(folder: string, args: readonly string[]): MeasuredProgram {
  const path = join(folder, `memory-${++started}.jsonl`)
  const beacon = new URL('memory-beacon.ts', import.meta.url).href
  const env = { NODE_OPTIONS: `--import=${beacon}`, QUIRE_BENCH_MEMORY: path }
  let seen = 0
  return Object.assign(startProgram('relay/cli.ts', args, env), {
    take() {
      const lines = readFileSync(path, 'utf8').trim().split('\n')
      const fresh = lines.slice(seen).map((line) => JSON.parse(line) as Sample)
      seen = lines.length
      return fresh
    }
  })
}
