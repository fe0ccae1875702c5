/** Loaded into a program before all else: writes each second what the program holds in memory to the file that is named. */
import { appendFileSync } from 'node:fs'
import { memoryUsage } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const sampleMs = 1_000
/** Each so many samples, what remains once the garbage is collected is written too. */
const samplesPerCollection = 8

const path = process.env.QUIRE_BENCH_MEMORY
if (path) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let count = 0
  const write = () => {
    const { rss, heapUsed, external } = memoryUsage()
    let held: number | undefined
    if (++count % samplesPerCollection === 0) {
      collect()
      const after = memoryUsage()
      held = after.heapUsed + after.external
    }
    appendFileSync(path, `${JSON.stringify({ rss, heap: heapUsed + external, held })}\n`)
  }
  setInterval(write, sampleMs).unref()
}
