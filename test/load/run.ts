/**
 * `npm run test:load`: how much a relay carries. Real clients over WebSockets from processes of their own, on this machine:
 *
 *     npm run test:load                          1,000 tabs
 *     npm run test:load -- --tabs 200            fewer
 *     npm run test:load -- --pace 10             so many that come each second, in all
 *     npm run test:load -- --direct              by webrtc-direct instead
 *
 * Prints a table as it stands in relay/README.md. Fails only where something does not work at all.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { figure } from '../support/figures.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { within } from '../support/waiting.ts'
import type { FromTabs, ToTabs } from './tabs.ts'

const { values } = parseArgs({
  options: {
    tabs: { type: 'string', default: '1000' },
    pace: { type: 'string', default: '20' },
    direct: { type: 'boolean', default: false }
  }
})
const tabCount = Number(values.tabs)
const processCount = 2
const opensPerSecond = Number(values.pace)
const announcesPerSecond = 200
const announceSeconds = 20
const phaseMsMax = 240_000

let relay: Quire
const groups = Array.from({ length: processCount }, () => fork(new URL('tabs.ts', import.meta.url)))

async function measure(folder: string): Promise<[string, string][]> {
  const emptyBytes = await memory()
  const opened = await phase('reservations', (say) =>
    groups.forEach((group) =>
      say(group, {
        type: 'open',
        url: values.direct ? relay.direct[0]! : relay.url,
        direct: values.direct,
        count: tabCount / processCount,
        perSecond: opensPerSecond / processCount
      })
    )
  )
  const fullBytes = await memory()
  const idle = await processorShare(10_000)
  const announcing = announced()
  const busy = await processorShare(announceSeconds * 1000)
  const [messages, told] = await within(phaseMsMax, 'announcements', announcing)
  const busyBytes = await memory()
  const { port } = relay
  await relay.program.kill()
  const back = phase('reconnections', () => undefined)
  relay = await startQuire({ dataDir: folder, port, env: envOf(relay) })
  const returnedAtMs = Date.now()
  const storm = (await back).map(({ atMs }) => atMs - returnedAtMs)
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
  const per1000 = ((fullBytes - emptyBytes) / tabCount) * 1000
  const times = opened.map(({ tookMs }) => tookMs)
  return [
    ['memory without tabs', mib(emptyBytes)],
    ['memory with all of them', mib(fullBytes)],
    ['memory for each 1,000', mib(per1000)],
    ['from start to reservation, median', ms(at(times, 0.5))],
    ['from start to reservation, 95 %', ms(at(times, 0.95))],
    ['processor while they are idle', percent(idle)],
    [`processor at ${announcesPerSecond} announcements a second`, percent(busy)],
    ['announcements taken, and news told', `${messages}, ${told}`],
    ['memory after that', mib(busyBytes)],
    ['all back after a restart: median', ms(at(storm, 0.5))],
    ['all back after a restart: 95 %', ms(at(storm, 0.95))],
    ['all back after a restart: the last', ms(at(storm, 1))],
    ['memory after that', mib(await memory())]
  ]
}

/** webrtc-direct where it is wanted, at the port where it was before. */
function envOf(before?: Quire): Record<string, string> {
  const port = /\/udp\/(\d+)\//.exec(before?.direct[0] ?? '')?.[1]
  return values.direct ? { QUIRE_WEBRTC_PORT: port ?? 'auto' } : {}
}

const memory = () => figure(relay.url, 'process_resident_memory_bytes')
const ms = (value: number) => `${value.toFixed(0)} ms`
const percent = (share: number) => `${(100 * share).toFixed(0)} % of a core`

function at(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

/** How much of one core the relay takes over some time. */
async function processorShare(forMs: number): Promise<number> {
  const startMs = performance.now()
  const before = await figure(relay.url, 'process_cpu_seconds_total')
  // Time: processor time is a matter of it.
  await new Promise((resolve) => setTimeout(resolve, forMs))
  const after = await figure(relay.url, 'process_cpu_seconds_total')
  return (after - before) / ((performance.now() - startMs) / 1000)
}

type Reserved = Extract<FromTabs, { type: 'reserved' }>

/** Has something done, and waits until as many tabs as there are have told of a reservation. */
function phase(what: string, begin: (say: (to: ChildProcess, message: ToTabs) => void) => void): Promise<Reserved[]> {
  const came: Reserved[] = []
  const all = new Promise<void>((resolve) => {
    for (const group of groups) {
      group.on('message', (message: FromTabs) => {
        if (message.type !== 'reserved') return
        came.push(message)
        if (came.length % 100 === 0) console.error(`${what}: ${came.length}`)
        if (came.length === tabCount) resolve()
      })
    }
  })
  begin((group, message) => void group.send(message))
  const done = all.finally(() => groups.forEach((group) => group.removeAllListeners('message')))
  return within(phaseMsMax, what, done).then(
    () => came,
    (late: Error) => {
      throw new Error(`${late.message}; ${came.length} of ${tabCount} came`)
    }
  )
}

/** Announcements of all groups: how many the tracker took, and how many news tabs were told. */
async function announced(): Promise<[number, number]> {
  const before = await figure(relay.url, 'quire_tracker_messages_total')
  const answers = groups.map(
    (group) =>
      new Promise<number>((resolve) => {
        group.on('message', (message: FromTabs) => {
          if (message.type === 'announced') resolve(message.told)
        })
        const perSecond = announcesPerSecond / processCount
        group.send({ type: 'announce', perSecond, seconds: announceSeconds, swarms: 200 } satisfies ToTabs)
      })
  )
  const told = (await Promise.all(answers)).reduce((sum, each) => sum + each, 0)
  groups.forEach((group) => group.removeAllListeners('message'))
  return [(await figure(relay.url, 'quire_tracker_messages_total')) - before, told]
}

await using folder = await temporaryFolder('load')
relay = await startQuire({ dataDir: folder.path, env: envOf() })
try {
  const rows = await measure(folder.path)
  console.log(`\n${tabCount} tabs, ${cpus().length} cores shared with them, load before ${loadavg()[2]!.toFixed(1)}`)
  for (const [what, value] of rows) console.log(`| ${what} | ${value} |`)
} finally {
  for (const group of groups) group.kill()
  await relay.stop()
}
process.exit()
