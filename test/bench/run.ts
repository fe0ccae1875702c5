/**
 * Measures Quire against what the same browsers give without any protocol, and against WebTorrent. Nothing here fails
 * for being slow. A full run takes some three hours on two quiet cores, and 10 GB of disk.
 *
 *     npm run bench                                        everything; RESULTS.md is written anew
 *     npm run bench -- --rows adding,start --rounds 1      some parts; the others stay in RESULTS.md as they are
 *     npm run bench -- --rows transfer --megabytes 50      with less
 */
import { cpus, loadavg } from 'node:os'
import { within } from '../support/waiting.ts'
import { tell } from './measure.ts'
import { type BenchOptions, optionsOf } from './options.ts'
import { type Section, writeSections } from './results.ts'
import { adding } from './rows/adding.ts'
import { dropping } from './rows/dropping.ts'
import { hidden } from './rows/hidden.ts'
import { keeperRelay } from './rows/keeper-relay.ts'
import { keeperStart } from './rows/keeper-start.ts'
import { largePrograms, largeTab, largeUpload } from './rows/large.ts'
import { liars } from './rows/liars.ts'
import { libraryMemory } from './rows/library-memory.ts'
import { longTasks } from './rows/long-tasks.ts'
import { memory, memoryOfFiles } from './rows/memory.ts'
import { restMemory } from './rows/rest-memory.ts'
import { rest } from './rows/rest.ts'
import { seek } from './rows/seek.ts'
import { storeOpening, storeWrites } from './rows/server-store.ts'
import { start } from './rows/start.ts'
import { swarmFromOne, swarmFromTwo } from './rows/swarm.ts'
import { transfer, transferLarge } from './rows/transfer.ts'
import { installRivals } from './sites.ts'

const parts: Readonly<Record<string, { title: string; run: (options: BenchOptions) => Promise<Section> }>> = {
  'transfer': { title: 'Tab to tab', run: transfer },
  'transfer-large': { title: 'Tab to tab: a larger file', run: transferLarge },
  'swarm': { title: 'Swarm: one seeder', run: swarmFromOne },
  'swarm-two': { title: 'Swarm: two seeders', run: swarmFromTwo },
  'liars': { title: 'Liars', run: liars },
  'adding': { title: 'Adding', run: adding },
  'dropping': { title: 'Dropping', run: dropping },
  'start': { title: 'First bytes', run: start },
  'seek': { title: 'Seeking', run: seek },
  'tasks': { title: 'Long tasks', run: longTasks },
  'hidden': { title: 'Hidden tabs', run: hidden },
  'memory': { title: 'Memory', run: memory },
  'memory-files': { title: 'Memory: many files', run: memoryOfFiles },
  'library': { title: 'Memory: a large library', run: libraryMemory },
  'rest': { title: "A keeper's API", run: rest },
  'rest-memory': { title: "A keeper's API: many at once", run: restMemory },
  'large-programs': { title: 'Large: program to program', run: largePrograms },
  'large-tab': { title: 'Large: tab to program', run: largeTab },
  'large-upload': { title: "Large: a keeper's API", run: largeUpload },
  'writes': { title: "A server's store: writing", run: storeWrites },
  'opening': { title: "A server's store: opening", run: storeOpening },
  'keeper': { title: 'A keeper: starting', run: keeperStart },
  'keeper-relay': { title: 'A keeper and its relay', run: keeperRelay }
}
/** Five rounds of nine browsers take 40 minutes where the machine is at its slowest. */
const partMsMax = 5_400_000

const options = optionsOf(Object.keys(parts))
const order = Object.values(parts).map(({ title }) => title)
installRivals()
const texts: string[] = []
let failed = 0
for (const name of options.rows) {
  const { title, run } = parts[name]!
  console.error(`${title} …`)
  const [load] = loadavg()
  const startMs = performance.now()
  try {
    const section = await within(partMsMax, title, run(options))
    const words = process.argv.slice(2).join(' ')
    const conditions =
      `Ran as \`npm run bench${words && ` -- ${words}`}\` on ${cpus().length} cores (${cpus()[0]?.model.trim()}), ` +
      `${options.rounds} rounds, load before ${load!.toFixed(1)}.`
    texts.push(writeSections([section], order, conditions))
  } catch (error) {
    failed++
    console.error(`${title} could not be measured:`, error)
  }
  tell(`${((performance.now() - startMs) / 1000).toFixed(0)} s`)
}
console.log(texts.join('\n'))
process.exit(failed > 0 ? 1 : 0)
