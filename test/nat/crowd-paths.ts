import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright'
import { addChosen, choose, fetchLink, openLibrary } from '../bench/library.ts'
import { installRivals } from '../bench/sites.ts'
import { lineOf } from '../support/engines/children.ts'
import { Crowd } from './crowd.ts'
import { openRival, type RivalWindow, seedOf, siteOfRival } from './rival.ts'

/**
 * How long it takes until the last of some receivers has what one holder shares, with a long way between any two. Like
 * WebTorrent's, Quire's page shows nothing: on one machine what many pages draw takes what carries the bytes.
 *
 *     crowd-paths.ts --receivers 1,2,4,8 --delay 25 --ways quire,webtorrent --bytes 100000000 --rounds 1
 *
 * The delay is one way, in milliseconds. Each is tried in a fresh lab, one after the other. Prints a line of JSON for
 * each, with what the holder's host sent in multiples of the content.
 */
const { values } = parseArgs({
  options: {
    receivers: { type: 'string', default: '1,2,4,8' },
    delay: { type: 'string', default: '25' },
    loss: { type: 'string', default: '0' },
    ways: { type: 'string', default: 'quire,webtorrent' },
    bytes: { type: 'string', default: '100000000' },
    rounds: { type: 'string', default: '1' }
  }
})
const contentBytes = Number(values.bytes)
const path = { delayMs: Number(values.delay), loss: Number(values.loss) }
/** A machine of two cores that carries 8 × 100 MB through its lab takes minutes. */
const wholeMsMax = 900_000
declare const window: RivalWindow

if (values.ways.includes('webtorrent')) installRivals()
for (let round = 0; round < Number(values.rounds); round++) {
  for (const receivers of values.receivers.split(',').map(Number)) {
    for (const way of values.ways.split(',')) console.log(JSON.stringify(await tried(way, receivers)))
  }
}
process.exit()

async function tried(way: string, receivers: number): Promise<object> {
  await using crowd = await Crowd.found(receivers + 1, path, contentBytes, [siteOfRival])
  const [program, ...words] = crowd.spaces.within('internet')
  const sites = spawn(program!, [...words, process.execPath, `${import.meta.dirname}/long-sites.ts`])
  await lineOf(sites.stdout, /(page)/, 'the sites of the lab')
  const place = { roundTripMs: 2 * path.delayMs, loss: path.loss, receivers, way }
  try {
    const fetches = await (way === 'webtorrent' ? throughWebTorrent(crowd) : throughQuire(crowd))
    const [beganMs, sentBefore] = [Date.now(), crowd.sentBytes(0)]
    await Promise.all(fetches.map((fetch) => fetch()))
    const seconds = (Date.now() - beganMs) / 1000
    return { ...place, seconds, sentCopies: (crowd.sentBytes(0) - sentBefore) / contentBytes }
  } catch (error) {
    return { ...place, failed: String(error).slice(0, 200) }
  } finally {
    sites.kill()
  }
}

/** One fetch for each receiver. */
type Fetches = readonly (() => Promise<void>)[]

async function throughQuire({ people, quire, film }: Crowd): Promise<Fetches> {
  const [holder, ...receivers] = people
  for (const { page } of people) await openLibrary(page, quire.url)
  await choose(holder!.page, film)
  const { link } = await addChosen(holder!.page)
  return receivers.map(
    ({ page }) =>
      async () =>
        void (await fetchLink(page, link, false))
  )
}

async function throughWebTorrent({ people, quire, film }: Crowd): Promise<Fetches> {
  const [holder, ...receivers] = people
  for (const { page } of people) await openRival(page, quire.url)
  const magnet = await seedOf(holder!.page, film)
  const fetchIn = async (page: Page) => {
    await page.evaluate((uri) => window.open(uri).first, magnet)
    await page.waitForFunction((all) => window.verifiedBytes() >= all, contentBytes, { timeout: wholeMsMax })
  }
  return receivers.map(
    ({ page }) =>
      () =>
        fetchIn(page)
  )
}
