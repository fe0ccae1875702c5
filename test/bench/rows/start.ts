import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shareFiles } from '../../support/person.ts'
import { cpuOf, interleaved, ratio, type Sample, spread, valuesOf, type Way } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'
import { choose } from '../library.ts'
import { firstPiece, openRival, type Pages, seedChosen, visitMagnet } from '../rivals.ts'
import { serveRivals, serveTorrentTracker } from '../sites.ts'
import { followLink, forgetSite, watchForNames, type WatchedWindow } from '../visits.ts'

declare const window: WatchedWindow

const coldName = 'cold.bin'

/** Two tabs that share, two that receive, and copies of one file under any name. */
interface Scene {
  readonly quire: Pages
  readonly torrent: Pages
  readonly siteUrl: string
  readonly rivalUrl: string
  readonly trackerUrl: string
  fileNamed(name: string): Promise<string>
}

/** How long a person waits for the first bytes of a link: page open before, and not. */
export async function start({ rounds, megabytes = 4 }: BenchOptions): Promise<Section> {
  await using site = await serveSite()
  await using rivals = await serveRivals()
  await using tracker = await serveTorrentTracker()
  await using file = await bigFile(megabytes * 1e6)
  await using pair = await openPair()
  const rivalUrl = `${rivals.url}/rival.html`
  const scene: Scene = {
    quire: { sender: pair.sender.page, receiver: pair.receiver.page },
    torrent: {
      sender: await openRival(await pair.sender.context.newPage(), rivalUrl),
      receiver: await openRival(await pair.receiver.context.newPage(), rivalUrl)
    },
    siteUrl: site.url,
    rivalUrl,
    trackerUrl: tracker.url,
    async fileNamed(name) {
      const path = join(dirname(file.path), name)
      await copyFile(file.path, path)
      return path
    }
  }
  await scene.quire.receiver.addInitScript(watchForNames, coldName)
  const cold = await interleaved(rounds, { quire: coldVisit(scene), torrent: coldMagnet(scene) })
  const warm = await interleaved(rounds, { quire: warmLink(scene), torrent: warmMagnet(scene) })
  return {
    title: 'First bytes',
    explains:
      `A file of ${megabytes} MB between the delivered pages, from a tab never met before. Quire ends when the page shows the name of the ` +
      'file, which is in its first block: fetched, verified, decrypted and drawn; WebTorrent when its first piece is verified, without any ' +
      'interface. Cold begins with the navigation of a browser without cache, storage or service worker; warm begins when the link is ' +
      'followed in a page whose network is up.',
    head: ['from', 'Quire, ms', 'WebTorrent, ms', 'ratio', 'Quire, CPU-s', 'WebTorrent, CPU-s', 'goal'],
    rows: [
      row('link followed, warm', warm.quire, warm.torrent, '≤ 800 ms'),
      row('link opened, cold', cold.quire, cold.torrent, '≤ 1500 ms')
    ]
  }
}

/** Whoever shares is a stranger each time. */
async function share({ quire, siteUrl, fileNamed }: Scene, name: string): Promise<string> {
  await quire.sender.goto('about:blank')
  return shareFiles(quire.sender, siteUrl, [await fileNamed(name)])
}

async function seed({ torrent, rivalUrl, trackerUrl, fileNamed }: Scene, name: string): Promise<string> {
  await openRival(torrent.sender, `${rivalUrl}?${name}`)
  await choose(torrent.sender, await fileNamed(name))
  return seedChosen(torrent.sender, trackerUrl)
}

function coldVisit(scene: Scene): Way {
  const { receiver } = scene.quire
  let link = ''
  return {
    async prepare() {
      link = await share(scene, coldName)
      await forgetSite(receiver, scene.siteUrl)
      await receiver.bringToFront()
    },
    async run() {
      await receiver.goto(link)
      return receiver.evaluate(() => window.shownAtMs)
    }
  }
}

function coldMagnet(scene: Scene): Way {
  const { receiver } = scene.torrent
  let magnet = ''
  return {
    async prepare() {
      magnet = await seed(scene, coldName)
      await forgetSite(receiver, scene.rivalUrl)
      await receiver.bringToFront()
    },
    run: () => visitMagnet(receiver, scene.rivalUrl, magnet)
  }
}

function warmLink(scene: Scene): Way {
  const { receiver } = scene.quire
  let link = ''
  let round = 0
  return {
    async prepare() {
      link = await share(scene, `warm-${++round}.bin`)
      await receiver.bringToFront()
    },
    run: () => receiver.evaluate(followLink, [link, `warm-${round}.bin`] as const)
  }
}

function warmMagnet(scene: Scene): Way {
  const { receiver } = scene.torrent
  let magnet = ''
  let round = 0
  return {
    async prepare() {
      magnet = await seed(scene, `warm-${++round}.bin`)
      await receiver.bringToFront()
    },
    run: () => firstPiece(receiver, magnet)
  }
}

function row(what: string, a: readonly Sample[], b: readonly Sample[], goal: string): string[] {
  const times = [spread(valuesOf(a), 0), spread(valuesOf(b), 0), ratio(a, b, 'value')]
  return [what, ...times, spread(cpuOf(a)), spread(cpuOf(b)), goal]
}
