/**
 * The simulator by hand:
 *
 *     node test/sim/run.ts --faults 17                one world in which things go wrong
 *     node test/sim/run.ts --peers 1000 --megabytes 100
 *     node test/sim/run.ts --plots                    crowds of 2 to 10,000, and plots of them into test/sim/plots
 *
 * Thousands of peers are done sooner with `node --max-semi-space-size=64`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { swarmPeersMax } from '../../src/core/limits.ts'
import { type CrowdResult, runCrowd } from './crowd.ts'
import { runFaults } from './faults.ts'
import { plot } from './plot.ts'

const MiB = 1024 * 1024
const { values } = parseArgs({
  options: {
    faults: { type: 'string' },
    plots: { type: 'boolean', default: false },
    peers: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '100' },
    block: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    seeders: { type: 'string', default: '1' }
  }
})

function crowd(peers: number, megabytes: number): CrowdResult {
  const blockBytes = Number(values.block) * 1024
  const options = {
    seed: Number(values.seed),
    peers,
    bytes: megabytes * MiB,
    blockBytes,
    seeders: Number(values.seeders)
  }
  const startMs = performance.now()
  const result = runCrowd(options)
  const shown = Object.entries({ ...result, overFluid: result.lastMs / result.fluidMs })
  const seconds = (performance.now() - startMs) / 1000
  console.log(
    `${seconds.toFixed(0)} s by the clock  `,
    shown
      .flatMap(([name, value]) => (typeof value === 'number' ? `${name} ${Number(value.toPrecision(4))}` : []))
      .join('  ')
  )
  return result
}

/** The same data for every size, so that a plot shows what more peers change. */
const plottedMegabytes = 8

function plots(): void {
  // With the first holder 10,000: as many of one swarm as a tracker keeps.
  const sizes = [2, 8, 30, 100, 300, 1000, 3000, swarmPeersMax - 1]
  const results = sizes.map((peers) => crowd(peers, plottedMegabytes))
  const folder = fileURLToPath(new URL('plots/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const write = (name: string, title: string, unit: string, lines: Readonly<Record<string, Figure>>): void => {
    const series = Object.entries(lines).map(([said, of]) => ({
      name: said,
      points: results.map((result) => ({ x: result.peers, y: of(result) }))
    }))
    writeFileSync(`${folder}${name}.svg`, plot(title, unit, series))
  }
  write('completion', `Time to have ${plottedMegabytes} MiB`, 'seconds', {
    'the last': ({ lastMs }) => lastMs / 1000,
    'the one in the middle': ({ medianMs }) => medianMs / 1000,
    'the first': ({ firstMs }) => firstMs / 1000,
    'the fluid bound': ({ fluidMs }) => fluidMs / 1000
  })
  write('seeder', 'Upload of the first holder', 'copies', { sent: ({ seederCopies }) => seederCopies })
  write('duplicates', 'Blocks that came twice', 'percent', { blocks: ({ duplicates }) => 100 * duplicates })
  write('cost', 'What a peer has to do with others', 'count', {
    neighbours: ({ neighbours }) => neighbours,
    dials: ({ dialsPerPeer }) => dialsPerPeer
  })
}

type Figure = (result: CrowdResult) => number

if (values.faults !== undefined) {
  const { world, endedMs } = runFaults(Number(values.faults))
  console.log(`${world.all.length} peers, ${world.tokens.blockCount} blocks: all is well after ${endedMs / 1000} s`)
} else if (values.plots) plots()
else crowd(Number(values.peers), Number(values.megabytes))
