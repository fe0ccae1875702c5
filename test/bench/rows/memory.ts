import { byId, linkOf, untilPercent, untilState } from '../../support/person.ts'
import { heapMeter, type HeapMeter, sampling } from '../heap.ts'
import { median, settled, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, manyFiles, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'

const sampleMs = 1_000
/** Each so many samples, what remains once the garbage is collected is read too. */
const samplesPerCollection = 8
const limitMs = 900_000

/** Of a share of many: a long note each. It takes a block of its own, which is three times as much. */
const fileBytes = 20_000

/** What two pages hold in memory while a large file goes from one to the other. One run: it is long, and heaps vary little. */
export async function memory({ megabytes = 2_000 }: BenchOptions): Promise<Section> {
  await using file = await bigFile(megabytes * 1e6)
  return await whileGoing({ title: 'Memory', words: `${megabytes} MB on disk`, input: 'file-input', path: file.path })
}

/** And while a folder of many files does. */
export async function memoryOfFiles({ megabytes = 200 }: BenchOptions): Promise<Section> {
  const count = (megabytes * 1e6) / fileBytes
  await using folder = await manyFiles(count, fileBytes)
  const words = `${count.toLocaleString('en')} files of ${fileBytes / 1000} kB each, in one share and on a block each,`
  return await whileGoing({ title: 'Memory: many files', words, input: 'folder-input', path: folder.path })
}

/** A share, chosen by one of the page's inputs. */
interface Shared {
  readonly title: string
  readonly words: string
  readonly input: 'file-input' | 'folder-input'
  readonly path: string
}

async function whileGoing({ title, words, input, path }: Shared): Promise<Section> {
  await using site = await serveSite()
  await using pair = await openPair()
  const { sender, receiver } = { sender: pair.sender.page, receiver: pair.receiver.page }
  const meters = { sending: await heapMeter(sender), receiving: await heapMeter(receiver) }
  for (const page of [sender, receiver]) {
    await page.goto(`${site.url}/#/`)
    await byId(page, 'file-input').waitFor({ state: 'attached' })
    await settled()
  }
  const idle = { adding: await meters.sending.read({ clean: true }), receiving: 0, sending: 0 }
  const adding = sampled('adding', meters.sending)
  await byId(sender, input).setInputFiles(path)
  await byId(sender, 'share-link').waitFor({ state: 'attached', timeout: limitMs })
  const added = await adding()
  await settled()
  idle.sending = await meters.sending.read({ clean: true })
  idle.receiving = await meters.receiving.read({ clean: true })
  await receiver.goto(await linkOf(sender))
  await untilPercent(receiver, 1)
  const [sending, receiving] = [sampled('sending', meters.sending), sampled('receiving', meters.receiving)]
  await untilState(receiver, 'complete', limitMs)
  const [sent, received] = [await sending(), await receiving()]
  return {
    title,
    explains:
      `JavaScript heap and buffers of the delivered page and its worker over what they were when idle, sampled each second while ${words} ` +
      'are added, sent and received; garbage that waits to be collected counts. ' +
      `What is held is read every ${samplesPerCollection} samples, after a collection. One run.`,
    head: ['while', 'idle, MiB', 'over idle, MiB: median', 'most', 'held, first half → second half', 'goal'],
    rows: [
      row('adding', idle.adding, added, 'stated'),
      row('sending', idle.sending, sent, 'median ≤ 64 MiB, flat'),
      row('receiving', idle.receiving, received, 'median ≤ 64 MiB, flat')
    ]
  }
}

interface Sampled {
  /** Bytes, each second. */
  readonly all: number[]
  /** Bytes after a collection, each few seconds. */
  readonly held: number[]
}

/** Samples until the function that it returns is called, which gives them. */
function sampled(what: string, meter: HeapMeter): () => Promise<Sampled> {
  const samples: Sampled = { all: [], held: [] }
  const stop = sampling(async () => {
    samples.all.push(await meter.read())
    if (samples.all.length % samplesPerCollection !== 0) return
    samples.held.push(await meter.read({ clean: true }))
    tell(`${what}: ${mib(samples.all.at(-1)!)} MiB, held ${mib(samples.held.at(-1)!)}`)
  }, sampleMs)
  return () => stop().then(() => samples)
}

const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)

function row(what: string, idle: number, { all, held }: Sampled, goal: string): string[] {
  const over = all.map((bytes) => bytes - idle)
  const half = Math.ceil(held.length / 2)
  const halves = [held.slice(0, half), held.slice(half)]
  const trend = halves.map((part) => (part.length > 0 ? mib(median(part) - idle) : '–')).join(' → ')
  return [what, mib(idle), mib(median(over)), mib(Math.max(...over)), trend, goal]
}
