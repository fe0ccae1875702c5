/**
 * `node test/load/dht.ts [relays] [swarms]`: what the DHT costs. Real relays in one process, each told of the first, and
 * tabs that announce swarms at them. Prints requests, processor time and time a look-up; `test/sim/relay-swarms.ts`
 * takes its costs from here.
 */
import type { SwarmId } from '../../src/core/ids.ts'
import { announceTtlMs, providesPerSecond } from '../../src/core/limits.ts'
import { figure, untilFigure } from '../support/figures.ts'
import { startRelayNetwork } from '../support/relay-network.ts'
import { trackerTab } from '../support/tracker-tab.ts'

const [relayCount = 20, swarmCount = 200] = process.argv.slice(2).map(Number)
await using net = await startRelayNetwork(relayCount)
const sum = async (name: string): Promise<number> => {
  const all = await Promise.all(net.relays.map(({ url }) => figure(url, name)))
  return all.reduce((total, each) => total + each, 0)
}
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
// Buckets of ten do not take in everybody.
await net.know(Math.min(relayCount - 1, 10))
const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId
const [giver, seeker] = await Promise.all([trackerTab(net.relays[1]!.url), trackerTab(net.relays.at(-1)!.url)])
giver.say({ type: 'record', record: giver.record })

/** What these announcements cause, until so many look-ups and provisions are over. */
async function cost(what: string, announce: (n: number) => void, figureName: string, at: number): Promise<void> {
  const { url } = net.relays.at(at)!
  const before = {
    requests: await sum('quire_dht_requests_total'),
    cpuMs: cpuMs(),
    done: await figure(url, figureName)
  }
  const beganMs = performance.now()
  for (let n = 0; n < swarmCount; n++) announce(n)
  await untilFigure(url, figureName, before.done + swarmCount)
  const requests = (await sum('quire_dht_requests_total')) - before.requests
  const [looked, provided] = [await sum('quire_lookups_total'), await sum('quire_provides_total')]
  console.log(
    `${what}: ${requests} requests, ${looked} look-ups and ${provided} provisions so far, ` +
      `${((cpuMs() - before.cpuMs) / requests).toFixed(2)} ms of processor a request, ${Math.round(performance.now() - beganMs)} ms`
  )
}

console.log(
  `${relayCount} relays, ${swarmCount} swarms; at most ${providesPerSecond} provisions a second after a burst`
)
const giving = { type: 'announce', role: 'tab', holder: true, watch: false, ttlMs: announceTtlMs } as const
const seeking = { ...giving, holder: false, watch: true }
await cost('swarms of one relay', (n) => giver.say({ ...giving, swarmId: swarm(n) }), 'quire_provides_total', 1)
await cost('the same at another', (n) => seeker.say({ ...seeking, swarmId: swarm(n) }), 'quire_provides_total', -1)
const found = await figure(net.relays.at(-1)!.url, 'quire_lookups_found_total')
const seconds = await figure(net.relays.at(-1)!.url, 'quire_lookups_found_seconds_total')
console.log(`${found} look-ups found the other relay, ${Math.round((seconds * 1000) / found)} ms each until they did`)
await Promise.all([giver.network.stop(), seeker.network.stop()])
