import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright'
import { installRivals } from '../bench/sites.ts'
import { lineOf } from '../support/engines/children.ts'
import { connectionCount, countReceived, receivedBytes } from '../support/data-channels.ts'
import { momentWhen, openLink, untilState } from '../support/person.ts'
import { servePageWith } from './lane-pages.ts'
import { openRival, type RivalWindow, seedOf, siteOfRival } from './rival.ts'
import { Town } from './visit.ts'

/**
 * What comes over long and lossy ways in a stated time, from when the page is connected:
 *
 *     long-paths.ts --delay 0,10,25 --loss 0,0.01 --ways auto,1,4,webtorrent --seconds 20 --rounds 3
 *
 * Delays are one way, in milliseconds; loss is each way. A way is `auto`, a fixed number of lanes, `webtorrent`, or
 * `none`. Each is tried in a fresh lab, one after the other, in each round. With `--bottleneck BYTES_PER_SECOND` a TCP
 * stream shares the path, and what it gets is told. Prints a line of JSON for each.
 */
const { values } = parseArgs({
  options: {
    delay: { type: 'string', default: '25' },
    loss: { type: 'string', default: '0' },
    ways: { type: 'string', default: 'auto' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '1' },
    bottleneck: { type: 'string' }
  }
})
const numbers = (list: string) => list.split(',').map(Number)
const windowMs = Number(values.seconds) * 1000
const contentBytes = 100_000_000
declare const window: RivalWindow

if (values.ways.includes('webtorrent')) installRivals()
for (let round = 0; round < Number(values.rounds); round++) {
  for (const delayMs of numbers(values.delay)) {
    for (const loss of numbers(values.loss)) {
      for (const way of values.ways.split(',')) console.log(JSON.stringify(await tried(way, delayMs, loss)))
    }
  }
}
process.exit()

async function tried(way: string, delayMs: number, loss: number): Promise<object> {
  if (way !== 'webtorrent' && way !== 'none') await servePageWith(way === 'auto' ? undefined : Number(way))
  const narrow = values.bottleneck === undefined ? {} : { bytesPerSecond: Number(values.bottleneck) }
  const origins = [siteOfRival]
  await using town = await Town.found(
    { QUIRE_TURN: 'off', QUIRE_NO_KEEPER: '1' },
    { delayMs, loss, ...narrow },
    { sizeBytes: contentBytes, origins }
  )
  town.lab.setKind('a', 'none')
  town.lab.setKind('b', 'firewall')
  const [program, ...words] = town.lab.spaces.within('internet')
  const sites = spawn(program!, [...words, process.execPath, `${import.meta.dirname}/long-sites.ts`])
  await lineOf(sites.stdout, /(page)/, 'the sites of the lab')
  const place = { roundTripMs: 2 * delayMs, loss, way, ...narrow }
  try {
    const begin = { webtorrent: throughWebTorrent, none: () => Promise.resolve(rest) }[way] ?? throughQuire
    const measure = await begin(town)
    const stream = values.bottleneck === undefined ? undefined : tcpBytes(town)
    const mBps = await measure()
    const isOurs = way !== 'webtorrent' && way !== 'none'
    return {
      ...place,
      mBps,
      ...(isOurs && { lanes: await connectionCount(town.bob.page) }),
      ...(stream && { tcpMBps: (await stream) / windowMs / 1000 })
    }
  } catch (error) {
    return { ...place, failed: String(error).slice(0, 200) }
  } finally {
    sites.kill()
  }
}

/** No peer of ours uses the way. */
function rest(): Promise<number> {
  // Time: what is measured beside it takes as long.
  return new Promise((resolve) => setTimeout(resolve, windowMs, 0))
}

/** Connected; measures bytes a millisecond, / 1000. */
async function throughQuire(town: Town): Promise<() => Promise<number>> {
  const { page, context } = town.bob
  await countReceived(context)
  await openLink(page, await town.shareNow())
  await momentWhen(page, () => document.querySelector('[data-testid="connection-kind"]') !== null)
  return () => progressIn(page)
}

/** By what comes over the data channels, which is looked at each second, since lanes come and go. */
async function progressIn(page: Page): Promise<number> {
  const [before, beganMs] = [await receivedBytes(page), Date.now()]
  const whole = untilState(page, 'complete', windowMs).catch(() => undefined)
  let received = before
  const look = setInterval(
    () => void receivedBytes(page).then((bytes) => (received = Math.max(received, bytes))),
    1_000
  )
  // Time: how much comes in a stated time is what is measured.
  const isOver = new Promise<void>((resolve) => setTimeout(resolve, windowMs))
  await Promise.race([whole, isOver])
  const tookMs = Date.now() - beganMs
  received = Math.max(received, await receivedBytes(page))
  clearInterval(look)
  return (received - before) / tookMs / 1000
}

async function throughWebTorrent({ alice, bob, film, quire }: Town): Promise<() => Promise<number>> {
  for (const { page } of [alice, bob]) await openRival(page, quire.url)
  const magnet = await seedOf(alice.page, film)
  await bob.page.evaluate((uri) => window.open(uri).first, magnet)
  return async () => {
    const before = await bob.page.evaluate(() => window.verifiedBytes())
    const beganMs = Date.now()
    await bob.page
      .waitForFunction((all) => window.verifiedBytes() >= all, contentBytes, { timeout: windowMs })
      .catch(() => undefined)
    return ((await bob.page.evaluate(() => window.verifiedBytes())) - before) / (Date.now() - beganMs) / 1000
  }
}

/** What a TCP stream from the internet brings to Bob's host in the time. */
function tcpBytes({ lab }: Town): Promise<number> {
  const [program, ...words] = lab.spaces.within('host-b')
  const limit = String(windowMs / 1000)
  const curl = spawn(program!, [
    ...words,
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-m',
    limit,
    '-w',
    '%{size_download}',
    `${siteOfRival}/endless`
  ])
  let told = ''
  curl.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
  return new Promise((resolve) => curl.once('close', () => resolve(Number(told))))
}
