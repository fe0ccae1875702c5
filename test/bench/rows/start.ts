import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright'
import { shareFiles } from '../../support/person.ts'
import { cpuOf, interleaved, ratio, type Sample, spread, valuesOf } from '../measure.ts'
import type { BenchOptions } from '../options.ts'
import { bigFile, openPair, serveSite } from '../places.ts'
import type { Section } from '../results.ts'
import { choose } from '../library.ts'
import { fetchMagnet, forgetTorrents, openRival, seedChosen, visitMagnet } from '../rivals.ts'
import { serveRivals, serveTorrentTracker } from '../sites.ts'

interface WatchedWindow {
  /** Milliseconds, by the page's clock, when its main part first shows a text. */
  untilShown(text: string): Promise<number>
  shownAtMs: Promise<number>
}
declare const window: WatchedWindow

const coldName = 'cold.bin'

/** How long a person waits for the first bytes of a link: page open before, and not. */
export async function start({ rounds, megabytes }: BenchOptions): Promise<Section> {
  await using site = await serveSite()
  await using rivals = await serveRivals()
  await using tracker = await serveTorrentTracker()
  await using file = await bigFile((megabytes ?? 4) * 1e6)
  await using pair = await openPair()
  const quire = { sender: pair.sender.page, receiver: pair.receiver.page }
  const torrent = {
    sender: await openRival(await pair.sender.context.newPage(), `${rivals.url}/rival.html`),
    receiver: await openRival(await pair.receiver.context.newPage(), `${rivals.url}/rival.html`)
  }
  await quire.receiver.addInitScript(watchForNames, coldName)
  const named = async (name: string): Promise<string> => {
    const path = join(dirname(file.path), name)
    await copyFile(file.path, path)
    return path
  }
  const share = async (name: string): Promise<string> => {
    await quire.sender.goto('about:blank') // whoever shares is a stranger each time
    return shareFiles(quire.sender, site.url, [await named(name)])
  }
  const seed = async (name: string): Promise<string> => {
    await openRival(torrent.sender, `${rivals.url}/rival.html?${name}`)
    await choose(torrent.sender, await named(name))
    return seedChosen(torrent.sender, tracker.url)
  }
  let at = ''
  let round = 0
  const cold = await interleaved(rounds, {
    quire: {
      async prepare() {
        at = await share(coldName)
        await forgetSite(quire.receiver, site.url)
        await quire.receiver.bringToFront()
      },
      async run() {
        await quire.receiver.goto(at)
        return quire.receiver.evaluate(() => window.shownAtMs)
      }
    },
    torrent: {
      async prepare() {
        at = await seed(coldName)
        await forgetSite(torrent.receiver, rivals.url)
        await torrent.receiver.bringToFront()
      },
      run: () => visitMagnet(torrent.receiver, `${rivals.url}/rival.html`, at)
    }
  })
  const warm = await interleaved(rounds, {
    quire: {
      async prepare() {
        at = await share(`warm-${++round}.bin`)
        await quire.receiver.bringToFront()
      },
      run: () => quire.receiver.evaluate(followLink, [at, `warm-${round}.bin`] as const)
    },
    torrent: {
      async prepare() {
        at = await seed(`warm-${++round}.bin`)
        await torrent.receiver.bringToFront()
      },
      run: async () => (await fetchMagnet(torrent.receiver, at)).firstMs
    }
  })
  await forgetTorrents(torrent.receiver)
  return {
    title: 'First bytes',
    explains:
      `A file of ${(megabytes ?? 4).toString()} MB between the delivered pages, from a tab never met before. Quire ends when the page shows the ` +
      'name of the file, which is in its first block: fetched, verified, decrypted and drawn; WebTorrent when its first piece is verified, without ' +
      'any interface. Cold begins with the navigation of a browser without cache, storage or service worker; warm begins when the link is followed in a page whose network is up.',
    head: ['from', 'Quire, ms', 'WebTorrent, ms', 'ratio', 'Quire, CPU-s', 'WebTorrent, CPU-s', 'goal'],
    rows: [
      row('link followed, warm', warm.quire, warm.torrent, '≤ 800 ms'),
      row('link opened, cold', cold.quire, cold.torrent, '≤ 1500 ms')
    ]
  }
}

function row(what: string, a: readonly Sample[], b: readonly Sample[], goal: string): string[] {
  const times = [spread(valuesOf(a), 0), spread(valuesOf(b), 0), ratio(a, b, 'value')]
  return [what, ...times, spread(cpuOf(a)), spread(cpuOf(b)), goal]
}

/** The next visit of this site is the first one. */
async function forgetSite(page: Page, url: string): Promise<void> {
  await page.goto('about:blank')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.clearBrowserCache')
  await devtools.send('Storage.clearDataForOrigin', { origin: new URL(url).origin, storageTypes: 'all' })
  await devtools.detach()
}

/** Runs in the page before all else. */
function watchForNames(first: string): void {
  window.untilShown = (text) =>
    new Promise((resolve) => {
      const look = () => {
        if (document.querySelector('main')?.textContent.includes(text) !== true) return
        observer.disconnect()
        resolve(performance.now())
      }
      const observer = new MutationObserver(look)
      observer.observe(document, { subtree: true, childList: true, characterData: true })
    })
  window.shownAtMs = window.untilShown(first)
}

/** Runs in the page: goes where a link leads. Milliseconds until the name is shown. */
async function followLink([link, name]: readonly [string, string]): Promise<number> {
  const startMs = performance.now()
  const shown = window.untilShown(name)
  location.hash = new URL(link).hash
  return (await shown) - startMs
}
