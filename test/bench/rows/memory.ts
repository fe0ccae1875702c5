import { byId, linkOf, untilPercent, untilState } from '../../support/person.ts'
import { heapMeter, type HeapMeter, sampling } from '../heap.ts'
import { median, settled, tell } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'

const sampleMs = 1_000
/** Each so many samples, what remains once the garbage is collected is read too. */
const samplesPerCollection = 8
const limitMs = 900_000

/** What two pages hold in memory while a large file goes from one to the other. One run: it is long, and heaps vary little. */
export async function memory({ megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = (megabytes ?? 2000) * 1e6
  await using site = await serveSite()
  await using file = await bigFile(totalBytes)
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
  await byId(sender, 'file-input').setInputFiles(file.path)
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
    title: 'Memory',
    explains:
      `JavaScript heap and buffers of the delivered page and its worker over what they were when idle, sampled each second while ${totalBytes / 1e6} MB ` +
      'on disk are added, sent and received; garbage that waits to be collected counts. ' +
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
