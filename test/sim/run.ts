/**
 * The simulator by hand:
 *
 *     node test/sim/run.ts --faults 17                one world in which things go wrong
 *     node test/sim/run.ts --peers 1000 --megabytes 100
 *     node test/sim/run.ts --plots                    crowds of 2 to 10,000, and plots of them into test/sim/plots
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
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
  const result = runCrowd(options)
  const shown = Object.entries({ ...result, overFluid: result.lastMs / result.fluidMs })
  console.log(shown.map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join('  '))
  return result
}

/** Each size has as much data as can be simulated in a minute; what is plotted is relative to the fluid bound. */
function plots(): void {
  const sizes = [2, 8, 30, 100, 300, 1000, 3000, 10_000]
  const results = sizes.map((peers) => crowd(peers, peers <= 300 ? 100 : 16))
  const folder = fileURLToPath(new URL('plots/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const series = (name: string, of: (result: CrowdResult) => number) => ({
    name,
    points: results.map((result) => ({ x: result.peers, y: of(result) }))
  })
  const write = (name: string, svg: string) => writeFileSync(`${folder}${name}.svg`, svg)
  const overFluid = (of: (result: CrowdResult) => number) => (result: CrowdResult) => of(result) / result.fluidMs
  write(
    'completion',
    plot('Time to have everything', 'fluid bounds', [
      series(
        'last',
        overFluid(({ lastMs }) => lastMs)
      ),
      series(
        'median',
        overFluid(({ medianMs }) => medianMs)
      ),
      series(
        'first',
        overFluid(({ firstMs }) => firstMs)
      )
    ])
  )
  write('seeder', plot('Upload of the first holder', 'copies', [series('sent', ({ seederCopies }) => seederCopies)]))
  write(
    'duplicates',
    plot('Blocks that came twice', 'percent', [series('blocks', ({ duplicates }) => 100 * duplicates)])
  )
  write(
    'cost',
    plot('Cost of a peer', 'count', [
      series('neighbours', ({ neighbours }) => neighbours),
      series('dials', ({ dialsPerPeer }) => dialsPerPeer)
    ])
  )
}

if (values.faults !== undefined) {
  const { world, endedMs } = runFaults(Number(values.faults))
  console.log(`${world.all.length} peers, ${world.tokens.blockCount} blocks: all is well after ${endedMs / 1000} s`)
} else if (values.plots) plots()
else crowd(Number(values.peers), Number(values.megabytes))
