import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blockBytes } from '../../src/core/limits.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { openLink, untilDirect, untilPercent, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { openSharer, type Sharer, slowly } from '../support/sharer.ts'
import { type StorePage, serveStorePage } from '../support/store-page.ts'
import type { Audit, Claim } from '../support/store-page/worker.ts'

const content = seededBytes(8, 400 * blockBytes + 1)
/** Not sealed, so that a stored block is a piece of the file, the last one filled up with zeros. */
const digests = Array.from({ length: Math.ceil(content.length / blockBytes) }, (_, index) => {
  const block = new Uint8Array(blockBytes)
  block.set(content.subarray(index * blockBytes, (index + 1) * blockBytes))
  return sha256Of(block)
})
/** The page shows a new figure twice a second: at this pace after each 4 percent. */
const bytesPerSecond = 2_000_000
/** The browser is killed as soon as the page shows so many percent: about each segment once. */
const momentsPercent = [1, 9, 17, 25, 33, 41, 49, 57, 65, 73]

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let storePage: StorePage
let sharer: Sharer
let link: string
let profileDir: string

beforeAll(async () => {
  ;[place, quire, storePage] = await Promise.all([temporaryFolder('crash'), startQuire(), serveStorePage()])
  profileDir = join(place.path, 'profile')
  sharer = await openSharer({ relay: quire.url, readBlocks: slowly(bytesPerSecond) })
  link = await sharer.shareBytes('film.bin', content, { plain: true })
})

afterAll(async () => {
  await sharer[Symbol.asyncDispose]()
  await quire.stop()
  await storePage[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
})

/** What the stopped page's store claims to hold, which each visit begins with. */
async function claimsIn({ context, page }: TestBrowser): Promise<Claim[]> {
  await page.goto(await storePage.putInto(context, quire.url))
  const audit: Audit = { kind: 'audit', database: 'quire' }
  return (await page.evaluate((asked) => window.runTask(asked), audit)) as Claim[]
}

const percentOf = (claims: readonly Claim[]): number => (claims.length * 100) / digests.length

it('a browser killed ten times in one fetch claims what it showed, nothing that is not whole, and goes on', async () => {
  let shownPercent = 0
  for (const moment of momentsPercent) {
    const browser = await launchBrowser({ profileDir, noServiceWorkers: true })
    const claims = await claimsIn(browser)
    expect(claims.filter(({ index, sha256 }) => sha256 !== digests[index])).toEqual([])
    expect(percentOf(claims)).toBeGreaterThanOrEqual(shownPercent)
    await openLink(browser.page, link)
    shownPercent = await untilPercent(browser.page, Math.max(moment, shownPercent + 1))
    await browser.kill()
  }
  await using browser = await launchBrowser({ profileDir, noServiceWorkers: true })
  const before = await claimsIn(browser)
  expect(percentOf(before)).toBeGreaterThanOrEqual(shownPercent)
  expect(percentOf(before)).toBeLessThan(100)
  await openLink(browser.page, link)
  await untilState(browser.page, 'complete', 60_000)
  await untilDirect(browser.page)
  const after = await claimsIn(browser)
  expect(after.map(({ sha256 }) => sha256)).toEqual(digests)
})
