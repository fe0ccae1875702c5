import { readFileSync } from 'node:fs'
import { temporaryFolder } from '../../support/files.ts'
import { startProgram } from '../../support/program.ts'
import { drain, sendFile } from '../http.ts'
import { median, settled, spread, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'

const requestsAtOnce = 64
const sizes = { small: 1e5, large: 1e6 }
const lookMs = 20

type Peaks = Record<'up' | 'down', Record<keyof typeof sizes, number[]>>

/** Whether a keeper's memory grows with the bytes that many requests at once move. */
export async function restMemory({ rounds, megabytes = 50 }: BenchOptions): Promise<Section> {
  await using small = await bigFile(megabytes * sizes.small)
  await using large = await bigFile(megabytes * sizes.large)
  await using folder = await temporaryFolder('bench-rest')
  const room = String(4 * requestsAtOnce * megabytes * sizes.large)
  const words = ['keeper', '--rest-port', '0', '--data', folder.path, '--quota', room, '--json']
  await using keeper = startProgram('relay/quire.js', words)
  const { rest: url } = JSON.parse(await keeper.line()) as { rest: string }
  const api = `${url}/api/codex/v1/data`
  await settled()
  const idleMib = anonymousMib(keeper.process.pid!)
  const over = async (work: () => Promise<unknown>) => (await mostWhile(keeper.process.pid!, work)) - idleMib
  const move = async (path: string) => {
    let cids: string[] = []
    const up = await over(async () => (cids = await many((i) => sendFile(api, path, `${i}.bin`))))
    const down = await over(() => many((i) => drain(`${api}/${cids[i]}`)))
    await many((i) => fetch(`${api}/${cids[i]}`, { method: 'DELETE' }))
    return { up, down }
  }
  await move(small.path) // warm-up
  const peaks: Peaks = { up: { small: [], large: [] }, down: { small: [], large: [] } }
  for (let round = 0; round < rounds; round++) {
    for (const size of ['small', 'large'] as const) {
      const { up, down } = await move(size === 'small' ? small.path : large.path)
      peaks.up[size].push(up)
      peaks.down[size].push(down)
      tell(`round ${round + 1} of ${rounds}: ${size}, up ${up.toFixed(0)} MiB, down ${down.toFixed(0)} MiB`)
    }
  }
  const row = (what: string, { small, large }: Peaks['up']) => [
    what,
    idleMib.toFixed(0),
    spread(small, 0),
    spread(large, 0),
    median(large.map((mib, round) => mib / small[round]!)).toFixed(2),
    'flat'
  ]
  const ofSize = (size: keyof typeof sizes) => `${(megabytes * sizes[size]) / 1e6} MB each, MiB over idle: most`
  return {
    title: "A keeper's API: many at once",
    explains:
      `${requestsAtOnce} uploads at once of as many data sets, then as many downloads, by clients that read and send side by side; of small files, and ` +
      `of ones ten times as large. The keeper's own memory (anonymous pages, RssAnon: heaps, buffers, and what the runtime keeps for later), each ${lookMs} ms, ` +
      'over what it was when the program had just started; the first turn is not counted.',
    head: ['at once', 'idle, MiB', ofSize('small'), ofSize('large'), 'ratio', 'goal'],
    rows: [row(`${requestsAtOnce} uploads`, peaks.up), row(`${requestsAtOnce} downloads`, peaks.down)]
  }
}

const many = <T>(one: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: requestsAtOnce }, (_, i) => one(i)))

/** What belongs to a process alone: pages of files that happen to be in memory do not count. */
const anonymousMib = (pid: number): number =>
  Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

async function mostWhile(pid: number, work: () => Promise<unknown>): Promise<number> {
  let most = 0
  const look = setInterval(() => (most = Math.max(most, anonymousMib(pid))), lookMs)
  try {
    await work()
  } finally {
    clearInterval(look)
  }
  return most
}
