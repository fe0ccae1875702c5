import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launchBrowser } from '../../support/browsers.ts'
import { temporaryFolder } from '../../support/files.ts'
import { byId, linkOf } from '../../support/person.ts'
import { heapMeter } from '../heap.ts'
import { sendFile } from '../http.ts'
import { median, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, serveSite } from '../places.ts'
import { type MeasuredProgram, startMeasured } from '../programs.ts'
import type { Section } from '../results.ts'

const limitMs = 1_200_000
/** An idle program is looked at for so long: until its garbage was collected. */
const idleMs = 10_000

type Samples = ReturnType<MeasuredProgram['take']>

const bytesOf = ({ megabytes }: BenchOptions): number => (megabytes ?? 10_000) * 1e6

const goal = 'median ≤ 64 MiB, flat'
const head = [
  'while',
  'MB/s',
  'idle, MiB',
  'over idle, MiB: median',
  'most',
  'held, first half → second half',
  'RSS over idle: most',
  'goal'
]
const explains = (totalBytes: number) =>
  `${totalBytes / 1e6} MB on disk, one run. JavaScript heap and buffers over what they were when idle, sampled each second; ` +
  'garbage that waits to be collected counts, and what is held is read every 8 samples, after a collection. ' +
  'RSS counts too what the runtime keeps for later, and pages of files that are in memory.'

/** From one program of the command line to another. */
export async function largePrograms(options: BenchOptions): Promise<Section> {
  const totalBytes = bytesOf(options)
  await using site = await serveSite()
  await using folder = await temporaryFolder('bench-large')
  await using file = await bigFile(totalBytes)
  const idle = await idleOf(folder.path, site.url)
  const startMs = performance.now()
  const data = join(folder.path, 'sharer')
  await using sharer = startMeasured(folder.path, ['share', file.path, '--relay', site.url, '--data', data])
  const link = await sharer.line()
  const addedMs = performance.now() - startMs
  const adding = sharer.take()
  tell(`added in ${(addedMs / 1000).toFixed(0)} s`)
  const received = await getBy(folder.path, link, totalBytes)
  const rows = [
    rowOf('adding', totalBytes / addedMs, idle, adding),
    rowOf('sending', totalBytes / received.ms, idle, sharer.take()),
    rowOf('receiving, and writing the file', totalBytes / received.ms, idle, received.samples)
  ]
  return { title: 'Large: program to program', explains: explains(totalBytes), head, rows }
}

/** From a tab to a program of the command line. */
export async function largeTab(options: BenchOptions): Promise<Section> {
  const totalBytes = bytesOf(options)
  await using site = await serveSite()
  await using folder = await temporaryFolder('bench-large')
  await using file = await bigFile(totalBytes)
  const idle = await idleOf(folder.path, site.url)
  await using browser = await launchBrowser({ whole: true })
  const { page } = browser
  const meter = await heapMeter(page)
  await page.goto(`${site.url}/#/`)
  await byId(page, 'file-input').waitFor({ state: 'attached' })
  await passed(idleMs)
  const idleTab = await meter.read({ clean: true })
  const startMs = performance.now()
  const adding = sampled(meter.read)
  await byId(page, 'file-input').setInputFiles(file.path)
  await byId(page, 'share-link').waitFor({ state: 'attached', timeout: limitMs })
  const addedMs = performance.now() - startMs
  tell(`added in ${(addedMs / 1000).toFixed(0)} s`)
  const added = await adding()
  const sending = sampled(meter.read)
  const received = await getBy(folder.path, await linkOf(page), totalBytes)
  const rows = [
    rowOf('a tab adds', totalBytes / addedMs, { heap: idleTab, rss: undefined }, added),
    rowOf('it sends', totalBytes / received.ms, { heap: idleTab, rss: undefined }, await sending()),
    rowOf('a program receives, and writes the file', totalBytes / received.ms, idle, received.samples)
  ]
  return { title: 'Large: tab to program', explains: explains(totalBytes), head, rows }
}

/** Into a keeper, by its API. */
export async function largeUpload(options: BenchOptions): Promise<Section> {
  const totalBytes = bytesOf(options)
  await using folder = await temporaryFolder('bench-large')
  await using file = await bigFile(totalBytes)
  const data = join(folder.path, 'keeper')
  const room = ['--data', data, '--quota', String(totalBytes * 3)]
  await using keeper = startMeasured(folder.path, ['keeper', '--rest-port', '0', ...room, '--json'])
  const { rest } = JSON.parse(await keeper.line()) as { rest: string }
  await passed(idleMs)
  const idle = idleIn(keeper.take())
  const startMs = performance.now()
  await sendFile(`${rest}/api/codex/v1/data`, file.path)
  const ms = performance.now() - startMs
  const rows = [rowOf('a keeper takes an upload', totalBytes / ms, idle, keeper.take())]
  return { title: "Large: a keeper's API", explains: explains(totalBytes), head, rows }
}

interface Idle {
  readonly heap: number
  readonly rss: number | undefined
}

/** What a program of the command line holds that shares next to nothing. */
async function idleOf(folder: string, relay: string): Promise<Idle> {
  const path = join(folder, 'small.txt')
  await writeFile(path, 'small')
  await using program = startMeasured(folder, ['share', path, '--relay', relay, '--data', join(folder, 'idle')])
  await program.line()
  await passed(idleMs)
  return idleIn(program.take())
}

function idleIn(samples: Samples): Idle {
  const held = samples.flatMap((sample) => sample.held ?? [])
  return { heap: held.at(-1)!, rss: median(samples.map(({ rss }) => rss)) }
}

async function getBy(folder: string, link: string, totalBytes: number) {
  const out = join(folder, 'out')
  const startMs = performance.now()
  await using program = startMeasured(folder, ['get', link, '--out', out, '--data', join(folder, 'receiver')])
  const path = await program.line()
  const ms = performance.now() - startMs
  const { size } = await stat(path)
  if (size !== totalBytes) throw new Error(`${size} bytes came of ${totalBytes}`)
  return { ms, samples: program.take() }
}

/** Samples a page until the function that it returns is called. */
function sampled(read: (options?: { clean?: boolean }) => Promise<number>): () => Promise<Samples> {
  const samples: { rss: number; heap: number; held?: number }[] = []
  let going = true
  const loop = async () => {
    while (going) {
      const heap = await read()
      const held = samples.length % 8 === 7 ? await read({ clean: true }) : undefined
      samples.push({ rss: 0, heap, held })
      await passed(1_000)
    }
  }
  const looping = loop()
  return async () => {
    going = false
    await looping
    return samples
  }
}

function passed(ms: number): Promise<void> {
  // Time: memory changes without a word.
  return new Promise((resolve) => setTimeout(resolve, ms))
}

const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)

function rowOf(what: string, bytesPerMs: number, idle: Idle, samples: Samples): string[] {
  const over = samples.map(({ heap }) => heap - idle.heap)
  const held = samples.flatMap((sample) => sample.held ?? [])
  const half = Math.ceil(held.length / 2)
  const halves = [held.slice(0, half), held.slice(half)]
  const trend = halves.map((part) => (part.length > 0 ? mib(median(part) - idle.heap) : '–')).join(' → ')
  const rss = idle.rss === undefined ? '–' : mib(Math.max(...samples.map((sample) => sample.rss)) - idle.rss)
  return [
    what,
    (bytesPerMs / 1000).toFixed(0),
    mib(idle.heap),
    mib(median(over)),
    mib(Math.max(...over)),
    trend,
    rss,
    goal
  ]
}
