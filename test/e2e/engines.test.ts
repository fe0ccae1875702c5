import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { click, untilText, type DrivenBrowser } from '../support/engines/driven.ts'
import { launchFirefox } from '../support/engines/firefox.ts'
import { launchWebKit } from '../support/engines/webkit.ts'
import { fileIn, sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { startQuire, type Quire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let chromium: TestBrowser

beforeAll(async () => {
  ;[place, quire, chromium] = await Promise.all([temporaryFolder('engines'), startQuire(), launchBrowser()])
})

afterAll(async () => {
  await chromium.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

/** A file of the test's own, whose size no other has, and what its bytes hash to. */
async function content(seed: number): Promise<{ path: string; sizeBytes: number; sha256: string }> {
  const sizeBytes = 3_000_000 + seed
  const bytes = seededBytes(seed, sizeBytes)
  const path = join(place.path, `content ${seed}.bin`)
  await writeFile(path, bytes)
  return { path, sizeBytes, sha256: sha256Of(bytes) }
}

/** Opens a link, waits until all of it is there, and gives the hash of what a click on save brings. */
async function fetched(browser: DrivenBrowser, link: string, sizeBytes: number): Promise<string> {
  await browser.open(link)
  await untilText(browser, 'item-state', /^complete$/, 60_000)
  await click(browser, 'save')
  return sha256Of(await readFile(await fileIn(browser.downloadDir, sizeBytes)))
}

/**
 * Fetches new content each time, until it comes directly. On a slow machine a small file has come by the circuit
 * before a direct connection is there, which the next fetch then uses. [NW9, NW23]
 */
async function untilDirect(fetchContent: (seed: number) => Promise<string | null>, firstSeed: number): Promise<void> {
  const kinds: (string | null)[] = []
  for (let i = 0; i < 3 && kinds.at(-1) !== 'direct'; i++) kinds.push(await fetchContent(firstSeed + i))
  expect(kinds.at(-1), kinds.join()).toBe('direct')
}

describe('between engines', () => {
  let firefox: DrivenBrowser

  beforeAll(async () => {
    firefox = await launchFirefox()
  })

  afterAll(() => firefox[Symbol.asyncDispose]())

  it('Firefox fetches what Chromium shares, directly', async () => {
    await untilDirect(async (seed) => {
      const { path, sizeBytes, sha256 } = await content(seed)
      const link = await shareFiles(chromium.page, quire.url, [path])
      expect(await fetched(firefox, link, sizeBytes)).toBe(sha256)
      return untilText(firefox, 'connection-kind', /./, 10_000)
    }, 1)
  })

  it('[NW24] Chromium fetches what Firefox shares, directly', async () => {
    await untilDirect(async (seed) => {
      const { path, sha256 } = await content(seed)
      await firefox.open(`${quire.url}/#/`)
      await untilText(firefox, 'file-input', /^/, 30_000)
      await firefox.chooseFiles('file-input', [path])
      const link = await untilText(firefox, 'share-link', /#\/s\//, 60_000)
      await openLink(chromium.page, link)
      await untilState(chromium.page, 'complete', 60_000)
      const kind = await byId(chromium.page, 'connection-kind').textContent()
      expect(await savedSha256(chromium.page)).toBe(sha256)
      return kind
    }, 11)
  })
})

describe('a browser without WebRTC', () => {
  it('WebKit says so, fetches by the relay, and saves to disk', async () => {
    const { path, sizeBytes, sha256 } = await content(21)
    const link = await shareFiles(chromium.page, quire.url, [path])
    await using webkit = await launchWebKit()
    expect(await fetched(webkit, link, sizeBytes)).toBe(sha256)
    expect(await untilText(webkit, 'connection-kind', /./, 10_000)).toBe('relayed')
    expect(await webkit.evaluate<string>('document.body.innerText')).toContain('This browser makes no')
  })
})
