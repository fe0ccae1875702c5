import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright'
import { installRivals } from '../bench/sites.ts'
import { lineOf } from '../support/engines/children.ts'
import { momentWhen, openLink } from '../support/person.ts'
import { relayAddress } from './lab.ts'
import { servePageWith } from './lane-pages.ts'
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
const site = `http://${relayAddress}:8100`
declare const window: { seed(file: File, tracker: string): Promise<string>; verifiedBytes(): number } & {
  open(magnet: string): { first: Promise<number> }
}

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
  const origins = [site]
  await using town = await Town.found(
    { QUIRE_TURN: 'off' },
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
    return { ...place, mBps, ...(stream && { tcpMBps: (await stream) / windowMs / 1000 }) }
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
  const { page } = town.bob
  await openLink(page, await town.shareNow())
  await momentWhen(page, () => document.querySelector('[data-testid="connection-kind"]') !== null)
  return () => progressIn(page)
}

/** By the last change of what the page shows within the time: it shows whole percents. */
function progressIn(page: Page): Promise<number> {
  return page.evaluate(
    ([limitMs, bytes]) =>
      new Promise<number>((resolve) => {
        const shown = () =>
          Number(document.querySelector('[data-testid="progress"]')?.getAttribute('aria-valuenow') ?? 0)
        const beganMs = performance.now()
        let last = { percent: shown(), atMs: beganMs }
        const done = () => {
          observer.disconnect()
          const tookMs = last.percent === 0 ? limitMs : last.atMs - beganMs
          resolve((last.percent * bytes) / 100 / tookMs / 1000)
        }
        const observer = new MutationObserver(() => {
          const percent = shown()
          if (percent <= last.percent) return
          last = { percent, atMs: performance.now() }
          if (percent === 100) done()
        })
        observer.observe(document, { subtree: true, childList: true, attributes: true })
        setTimeout(done, limitMs)
      }),
    [windowMs, contentBytes] as const
  )
}

async function throughWebTorrent({ alice, bob, film, quire }: Town): Promise<() => Promise<number>> {
  const { stunPort } = (await (await bob.page.goto(`${quire.url}/config.json`))!.json()) as { stunPort: number }
  const page = `${site}/rival.html?stun=stun:${relayAddress}:${stunPort}`
  for (const each of [alice.page, bob.page]) {
    await each.goto(page)
    await each.waitForFunction(() => 'ready' in globalThis)
  }
  await alice.page.locator('input').setInputFiles(film)
  const magnet = await alice.page.evaluate(
    (tracker) => window.seed(document.querySelector('input')!.files![0]!, tracker),
    `ws://${relayAddress}:8101`
  )
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
    `${site}/endless`
  ])
  let told = ''
  curl.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
  return new Promise((resolve) => curl.once('close', () => resolve(Number(told))))
}
