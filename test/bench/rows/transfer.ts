import type { RunningRelay } from '../../../relay/relay.ts'
import { serveLibraryPage } from '../../support/library-page.ts'
import { addChosen, choose, fetchLink, forgetAll, openLibrary } from '../library.ts'
import { cpuOf, interleaved, ratio, type Sample, spread, valuesOf, type Way } from '../measure.ts'
import { bigFile, openPair, type Pair } from '../places.ts'
import type { Section } from '../results.ts'
import {
  addToHelia,
  connectBare,
  connectHelia,
  fetchByHelia,
  fetchMagnet,
  forgetBare,
  forgetRival,
  type HeliaFile,
  openRival,
  type Pages,
  seedChosen,
  sendBare,
  startHelia
} from '../rivals.ts'
import { serveRivals, serveTorrentTracker } from '../sites.ts'
import type { BenchOptions } from '../options.ts'

const messageBytes = 256 * 1024

/** How much, unless it is said, and what is wished for beside the bare pipeline and beside WebTorrent. */
interface Size {
  readonly title: string
  readonly megabytes: number
  readonly goals: readonly [string, string]
}

export const transfer = (options: BenchOptions): Promise<Section> =>
  compared({ title: 'Tab to tab', megabytes: 200, goals: ['rate ≥ 0.9, CPU ≤ 1.2', 'rate ≥ 1.5, CPU ≤ 0.6'] }, options)

export const transferLarge = (options: BenchOptions): Promise<Section> =>
  compared(
    { title: 'Tab to tab: a larger file', megabytes: 500, goals: ['rate ≥ 0.95, CPU ≤ 1.15', 'rate ≥ 1.5, CPU ≤ 0.5'] },
    options
  )

/** A file from tab to tab, six ways, in the same two browsers. */
async function compared(size: Size, { rounds, megabytes = size.megabytes }: BenchOptions): Promise<Section> {
  const totalBytes = Math.ceil((megabytes * 1e6) / messageBytes) * messageBytes
  await using library = await serveLibraryPage()
  await using rivals = await serveRivals()
  await using tracker = await serveTorrentTracker()
  await using file = await bigFile(totalBytes)
  await using pair = await openPair()
  const quire = await tabs(pair, (page) => openLibrary(page, library.url))
  const bare = await tabs(pair, (page) => openRival(page, `${rivals.url}/bare.html`))
  const torrent = await tabs(pair, (page) => openRival(page, `${rivals.url}/rival.html`))
  const helia = await tabs(pair, (page) => openRival(page, `${rivals.url}/helia.html`))
  await connectBare(bare)
  for (const { sender } of [quire, torrent, helia]) await choose(sender, file.path)
  const rate = (ms: number) => totalBytes / 1000 / ms
  const samples = await interleaved(rounds, {
    'Quire': quireWay(quire, rate, false),
    'bare pipeline': inFront(bare, {
      run: async () => rate(await sendBare(bare, totalBytes, 'pipeline')),
      after: () => forgetBare(bare.receiver)
    }),
    'raw channel': inFront(bare, { run: async () => rate(await sendBare(bare, totalBytes, 'raw')) }),
    'WebTorrent': torrentWay(torrent, rate, tracker.url),
    'Helia': heliaWay(helia, rate, library.relay),
    'Quire, read meanwhile': quireWay(quire, rate, true)
  })
  const { 'Quire': ours, 'Quire, read meanwhile': read, 'bare pipeline': pipeline } = samples
  return {
    title: size.title,
    explains:
      `${totalBytes / 1e6} MB, in the same two browsers, with the library and no interface. Rates count from the first verified byte ` +
      '(bare: the first message; WebTorrent: the first verified piece; Helia: the first verified chunk) until everything is stored (raw: received). CPU counts ' +
      'the whole fetch from the opened link, with dialling and the greeting, but not adding, seeding or removing; the bare ' +
      'channel is open before, and so is that of Helia (bitswap over the same transports of libp2p and by the same relay, storing in IndexedDB). Quire stores what it verified sealed, as it rests; in the last row the page reads the whole file meanwhile, decrypted.',
    head: ['against', 'Quire, MB/s', 'it, MB/s', 'ratio', 'Quire, CPU-s', 'it, CPU-s', 'CPU ratio', 'goal'],
    rows: [
      row('the bare pipeline', ours, pipeline, size.goals[0]),
      row('a raw channel alone', ours, samples['raw channel'], 'stated'),
      row('WebTorrent', ours, samples.WebTorrent, size.goals[1]),
      row('Helia', ours, samples.Helia, 'stated'),
      row('the bare pipeline, read meanwhile', read, pipeline, 'stated')
    ]
  }
}

function row(what: string, a: readonly Sample[], b: readonly Sample[], goal: string): string[] {
  const rates = [spread(valuesOf(a)), spread(valuesOf(b)), ratio(a, b, 'value')]
  return [what, ...rates, spread(cpuOf(a)), spread(cpuOf(b)), ratio(a, b, 'cpuSeconds'), goal]
}

/** A tab more in each browser. */
async function tabs({ sender, receiver }: Pair, open: (page: Pages['sender']) => Promise<unknown>): Promise<Pages> {
  const pages = { sender: await sender.context.newPage(), receiver: await receiver.context.newPage() }
  await open(pages.sender)
  await open(pages.receiver)
  return pages
}

/** Browsers give tabs that nobody looks at less: the one that is measured is shown. */
function inFront({ sender, receiver }: Pages, way: Way): Way {
  return {
    ...way,
    async prepare() {
      await sender.bringToFront()
      await receiver.bringToFront()
      await way.prepare?.()
    }
  }
}

function quireWay(pages: Pages, rate: (ms: number) => number, reads: boolean): Way {
  let link = ''
  return inFront(pages, {
    async prepare() {
      link = (await addChosen(pages.sender)).link
    },
    run: async () => rate(await fetchLink(pages.receiver, link, reads)),
    async after() {
      await forgetAll(pages.receiver)
      await forgetAll(pages.sender)
    }
  })
}

function torrentWay(pages: Pages, rate: (ms: number) => number, tracker: string): Way {
  let magnet = ''
  return inFront(pages, {
    async prepare() {
      magnet = await seedChosen(pages.sender, tracker)
    },
    run: async () => rate(await fetchMagnet(pages.receiver, magnet)),
    async after() {
      await forgetRival(pages.receiver)
      await forgetRival(pages.sender)
    }
  })
}

/** Its node is made anew each round: a store that is emptied below it would be another thing to measure. */
function heliaWay(pages: Pages, rate: (ms: number) => number, relay: RunningRelay): Way {
  const both = [pages.sender, pages.receiver]
  const address = `/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}`
  let file: HeliaFile
  return inFront(pages, {
    async prepare() {
      for (const page of both) await startHelia(page, address)
      file = await addToHelia(pages.sender)
      await connectHelia(pages.receiver, file)
    },
    run: async () => rate(await fetchByHelia(pages.receiver, file)),
    async after() {
      for (const page of both) await forgetRival(page)
    }
  })
}
