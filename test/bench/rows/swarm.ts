import type { Page } from 'playwright'
import { serveLibraryPage } from '../../support/library-page.ts'
import { launchBrowser, type TestBrowser } from '../../support/browsers.ts'
import { addChosen, choose, fetchLink, forgetAll, openLibrary } from '../library.ts'
import { cpuOf, interleaved, median, ratio, type Sample, spread, tell, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile } from '../places.ts'
import type { Section } from '../results.ts'
import { fetchMagnet, forgetRival, openRival, seedChosen } from '../rivals.ts'
import { serveRivals, serveTorrentTracker } from '../sites.ts'
import { countSentBytes, sentBytes } from '../sent-bytes.ts'

const receiverCounts = [1, 2, 4, 8]

/** One browser for each who takes part, with a tab for each way: tabs of one browser would share what they hold. */
interface Member {
  readonly browser: TestBrowser
  readonly quire: Page
  readonly torrent: Page
}

/** A way, and what the seeders of each of its rounds sent. */
interface Counted {
  readonly way: Way
  readonly sent: number[]
}

export const swarmFromOne = (options: BenchOptions): Promise<Section> => swarm(options, 1, 'Swarm: one seeder')

export const swarmFromTwo = (options: BenchOptions): Promise<Section> => swarm(options, 2, 'Swarm: two seeders')

/** Several tabs that fetch one file together. */
async function swarm({ rounds, megabytes = 100 }: BenchOptions, seederCount: number, title: string): Promise<Section> {
  const totalBytes = megabytes * 1e6
  await using library = await serveLibraryPage()
  await using rivals = await serveRivals()
  await using tracker = await serveTorrentTracker()
  await using file = await bigFile(totalBytes)
  await using crowd = await gather(seederCount + Math.max(...receiverCounts), library.url, rivals.url)
  const { members } = crowd
  const seeders = members.slice(0, seederCount)
  const rows: string[][] = []
  for (const receiverCount of receiverCounts) {
    const receivers = members.slice(-receiverCount)
    for (const { quire, torrent } of seeders) {
      await choose(quire, file.path)
      await choose(torrent, file.path)
    }
    tell(`${seederCount} seeding, ${receiverCount} receiving`)
    const quire = quireWay(seeders, receivers)
    const torrent = torrentWay(seeders, receivers, tracker.url)
    const samples = await interleaved(rounds, { Quire: quire.way, WebTorrent: torrent.way })
    rows.push(row(`${receiverCount} from ${seederCount}`, samples, [quire, torrent], totalBytes))
  }
  return {
    title,
    explains:
      `${megabytes} MB to several browsers at once, each a process of its own on the same machine, with the library and no interface. ` +
      'Seconds from the opened link, with dialling and the greeting, until the last of them has verified and stored everything. ' +
      'Upload is what the seeders sent in all, over WebRTC by the browsers’ own count and over WebSockets, by which a relay ' +
      'carries, as a multiple of the size.',
    head: ['receivers', 'Quire, s', 'WebTorrent, s', 'ratio', 'CPU ratio', 'seeders’ upload', 'WebTorrent’s', 'goal'],
    rows
  }
}

function row(
  what: string,
  samples: Samples,
  [ours, theirs]: readonly [Counted, Counted],
  totalBytes: number
): string[] {
  const { Quire: quire, WebTorrent: torrent } = samples
  const upload = ({ sent }: Counted) => `${(median(sent) / totalBytes).toFixed(2)} ×`
  const times = [spread(valuesOf(quire)), spread(valuesOf(torrent)), ratio(torrent, quire, 'value')]
  const cpu = (median(cpuOf(quire)) / median(cpuOf(torrent))).toFixed(2)
  return [what, ...times, cpu, upload(ours), upload(theirs), 'ratio ≥ 1.5']
}

type Samples = Record<'Quire' | 'WebTorrent', Sample[]>

async function gather(
  count: number,
  libraryUrl: string,
  rivalsUrl: string
): Promise<{ readonly members: readonly Member[] } & AsyncDisposable> {
  const members: Member[] = []
  for (let i = 0; i < count; i++) {
    const browser = await launchBrowser({ whole: true })
    await countSentBytes(browser.context)
    const quire = await browser.context.newPage()
    await openLibrary(quire, libraryUrl)
    const torrent = await openRival(await browser.context.newPage(), `${rivalsUrl}/rival.html`)
    members.push({ browser, quire, torrent })
  }
  return {
    members,
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ browser }) => browser.close()))
    }
  }
}

/** Runs them all at once; resolves with the seconds until the last is done. */
async function secondsOfAll(work: readonly (() => Promise<unknown>)[]): Promise<number> {
  const startMs = performance.now()
  await Promise.all(work.map((begin) => begin()))
  return (performance.now() - startMs) / 1000
}

/** Browsers give tabs that nobody looks at less: those that are measured are shown. */
const show = (pages: readonly Page[]): Promise<unknown> => Promise.all(pages.map((page) => page.bringToFront()))

async function counted(pages: readonly Page[], sent: number[], run: () => Promise<number>): Promise<number> {
  const all = async () => (await Promise.all(pages.map(sentBytes))).reduce((sum, bytes) => sum + bytes, 0)
  const before = await all()
  const value = await run()
  sent.push((await all()) - before)
  return value
}

/** A second seeder has it from the first, as a second holder does. */
function quireWay(seeders: readonly Member[], receivers: readonly Member[]): Counted {
  const [from, to] = [seeders.map(({ quire }) => quire), receivers.map(({ quire }) => quire)]
  const sent: number[] = []
  let link = ''
  const way: Way = {
    async prepare() {
      await show([...from, ...to])
      link = (await addChosen(from[0]!)).link
      for (const page of from.slice(1)) await fetchLink(page, link, false)
    },
    run: () => counted(from, sent, () => secondsOfAll(to.map((page) => () => fetchLink(page, link, false)))),
    async after() {
      await Promise.all([...from, ...to].map(forgetAll))
    }
  }
  return { way, sent }
}

function torrentWay(seeders: readonly Member[], receivers: readonly Member[], tracker: string): Counted {
  const [from, to] = [seeders.map(({ torrent }) => torrent), receivers.map(({ torrent }) => torrent)]
  const sent: number[] = []
  let magnet = ''
  const way: Way = {
    async prepare() {
      await show([...from, ...to])
      for (const page of from) magnet = await seedChosen(page, tracker)
    },
    run: () => counted(from, sent, () => secondsOfAll(to.map((page) => () => fetchMagnet(page, magnet)))),
    async after() {
      await Promise.all([...from, ...to].map(forgetRival))
    }
  }
  return { way, sent }
}
