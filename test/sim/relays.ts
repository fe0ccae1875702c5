/**
 * `node test/sim/relays.ts`: 100,000 swarms at 50 relays that find each other, from one seed. Other numbers with
 * `--relays`, `--swarms`, `--hours` and `--seed`. Prints what a relay has to do, as it stands in relay/README.md.
 */
import { parseArgs } from 'node:util'
import { Events } from './events.ts'
import { measured, play, SwarmWorld } from './relay-swarms.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    relays: { type: 'string', default: '50' },
    swarms: { type: 'string', default: '100000' },
    hours: { type: 'string', default: '1' }
  }
})
const [seed, relays, swarms, hours] = [values.seed, values.relays, values.swarms, values.hours].map(Number) as [
  number,
  number,
  number,
  number
]
const heapBytes = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
const emptyBytes = heapBytes()
const events = new Events(1)
const world = new SwarmWorld(events, { seed, relays })
play(events, world, { seed, swarms, hours })

const perRelay = (total: number) => total / relays
const sum = (of: (relay: (typeof world.relays)[number]) => number) =>
  world.relays.reduce((all, each) => all + of(each), 0)
const seconds = hours * 3600
const found = world.foundMs.toSorted((a, b) => a - b)
const percentile = (share: number) => `${Math.round(found[Math.floor(found.length * share)]!)} ms`
const requests = perRelay(sum(({ dhtRequests }) => dhtRequests)) / seconds
const rows: [string, string][] = [
  ['swarms that a relay serves', String(Math.round(perRelay(sum(({ tracker }) => tracker.swarmCount))))],
  ['requests of the DHT a second, sent and answered', requests.toFixed(1)],
  ['processor for them, of a core', `${((requests * measured.requestCpuMs) / 2 / 10).toFixed(1)} %`],
  ['messages to and from other relays a second', (perRelay(sum(({ frames }) => frames)) / seconds).toFixed(1)],
  ['bytes of them sent a second', String(Math.round(perRelay(sum(({ frameBytes }) => frameBytes)) / seconds))],
  ['records of the DHT', String(Math.round(perRelay(sum(({ store }) => store.count))))],
  ['peers known of other relays', String(Math.round(perRelay(sum(({ mesh }) => mesh.load.peers))))],
  ['memory of all that, tabs counted in', `${((heapBytes() - emptyBytes) / relays / 2 ** 20).toFixed(0)} MiB`],
  ['until a holder at another relay is found, median', percentile(0.5)],
  ['95th percentile', percentile(0.95)],
  ['99th percentile', percentile(0.99)],
  ['tabs that found nobody of those who had to', `${world.waiting} of ${found.length + world.waiting}`]
]
for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`)
