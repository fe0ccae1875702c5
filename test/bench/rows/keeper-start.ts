import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProgram } from '../../support/program.ts'
import { addSmallSets, smallSet } from '../../support/small-sets.ts'
import { spread, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import type { Section } from '../results.ts'

interface Started {
  readonly readyMs: number
  readonly readyMib: number
  readonly listMs: number
  readonly listedMib: number
}

/** A keeper of its own over a folder with ever more data sets. */
export async function keeperStart({ rounds }: BenchOptions): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
  const rows: string[][] = []
  let held = 0
  for (const count of [1, 1_000, 100_000]) {
    await addSmallSets(join(folder, 'store'), held, count)
    held = count
    const started: Started[] = []
    for (let round = 0; round < rounds; round++) started.push(await start(folder, count))
    const of = (key: keyof Started) => spread(started.map((each) => each[key]))
    rows.push([count.toLocaleString('en'), of('readyMs'), of('readyMib'), of('listMs'), of('listedMib'), 'flat'])
    tell(rows.at(-1)!.join(' | '))
  }
  await rm(folder, { recursive: true })
  return {
    title: 'A keeper: starting',
    explains:
      'The program `quire keeper` over data sets of one block each, from its start until it says where it answers, and its memory ' +
      '(RSS) then; then one of them is read over its API, and all are listed, which takes time for each, and memory for a page.',
    head: ['data sets', 'until ready, ms', 'memory, MiB', 'listing, ms', 'memory after it, MiB', 'goal of start'],
    rows
  }
}

async function start(folder: string, count: number): Promise<Started> {
  const startMs = performance.now()
  await using program = startProgram('relay/quire.js', ['keeper', '--rest-port', '0', '--data', folder, '--json'])
  const { rest } = JSON.parse(await program.line()) as { rest: string }
  const readyMs = performance.now() - startMs
  const pid = String(program.process.pid)
  const memoryMib = () => Number(execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' })) / 1024
  const readyMib = memoryMib()
  const { record, content } = smallSet(count - 1)
  const read = await (await fetch(`${rest}/api/codex/v1/data/${record.manifestCid}`)).bytes()
  if (!Buffer.from(read).equals(content)) throw new Error('the keeper gives other bytes than it holds')
  const listMs = performance.now()
  const listed = await (await fetch(`${rest}/api/codex/v1/data`)).text()
  if (listed.split('"cid"').length - 1 !== count) throw new Error('the keeper lists other data sets than it holds')
  const done = { readyMs, readyMib, listMs: performance.now() - listMs, listedMib: memoryMib() }
  await program.stop()
  return done
}
