import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProgram } from '../../../relay/program.ts'
import { formatLink } from '../../../src/core/link/link.ts'
import { startProgram, startQuire } from '../../support/program.ts'
import { addSmallSets, keptSet, smallSet } from '../../support/small-sets.ts'
import { spread, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import type { Section } from '../results.ts'

interface Told {
  readonly readyMs: number
  readonly announcedMs: number
  readonly fetchMs: number
  readonly keeperMib: number
  readonly relayMib: number
}

const day = 24 * 3_600_000

/** A keeper over ever more data sets, of its own or of others, beside a relay that it tells of them. */
export async function keeperRelay({ rounds }: BenchOptions): Promise<Section> {
  const rows: string[][] = []
  for (const whose of ['its own', 'others’'] as const) {
    const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
    const untilMs = Date.now() + day
    const setOf = whose === 'its own' ? smallSet : (index: number) => keptSet(index, untilMs)
    let held = 0
    for (const count of [1_000, 100_000]) {
      await addSmallSets(join(folder, 'store'), held, count, setOf)
      held = count
      const told: Told[] = []
      for (let round = 0; round < rounds; round++) told.push(await tellOf(folder, count, round))
      const of = (key: keyof Told) => spread(told.map((each) => each[key]))
      const values = (['readyMs', 'announcedMs', 'fetchMs', 'keeperMib', 'relayMib'] as const).map(of)
      rows.push([`${count.toLocaleString('en')} of ${whose}`, ...values])
      tell(rows.at(-1)!.join(' | '))
    }
    await rm(folder, { recursive: true })
  }
  return {
    title: 'A keeper and its relay',
    explains:
      'The program `quire keeper` over data sets of one block each, beside a relay of its own. From its start until it says ' +
      'where it answers; then until the relay knows of every data set; then until a program that knows neither has fetched one ' +
      'of them by its link, from the opened link on. Memory (RSS) of both after that, of the relay over what it was before.',
    head: [
      'data sets',
      'until ready, ms',
      'until all are announced, ms',
      'one fetched, ms',
      'keeper, MiB',
      'relay, MiB more'
    ],
    rows
  }
}

async function tellOf(folder: string, count: number, round: number): Promise<Told> {
  await using relay = await startQuire()
  const relayMibBefore = rssMib(relay.program.process.pid!)
  const startMs = performance.now()
  const words = ['keeper', '--rest-port', '0', '--data', folder, '--relay', relay.url, '--json']
  await using keeper = startProgram('relay/quire.js', words)
  await keeper.line()
  const readyMs = performance.now() - startMs
  // Time: a relay tells nobody that it has heard of the last one.
  while ((await swarmsAt(relay.url)) < count) await new Promise((resolve) => setTimeout(resolve, 10))
  const announcedMs = performance.now() - startMs - readyMs
  const fetchMs = await fetchOne(relay.url, Math.floor((count * (round + 0.5)) / (round + 1.5)))
  const keeperMib = rssMib(keeper.process.pid!)
  const relayMib = rssMib(relay.program.process.pid!) - relayMibBefore
  await keeper.stop()
  return { readyMs, announcedMs, fetchMs, keeperMib, relayMib }
}

const swarmsAt = async (url: string): Promise<number> =>
  ((await (await fetch(`${url}/healthz`)).json()) as { swarms: number }).swarms

async function fetchOne(relay: string, index: number): Promise<number> {
  const program = await openProgram({ relays: [relay] })
  const { record, content } = smallSet(index)
  const startMs = performance.now()
  const item = await program.quire.open(formatLink(relay, { manifestCid: record.manifestCid, relays: [] }))
  await item.whenReady()
  const read = await new Response(item.read(0, 0, content.length)).bytes()
  const tookMs = performance.now() - startMs
  if (!Buffer.from(read).equals(content)) throw new Error('the keeper gives other bytes than it holds')
  await program.close()
  return tookMs
}

const rssMib = (pid: number): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
