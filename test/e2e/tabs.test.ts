import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blockBytes, segmentBlocks } from '../../src/core/limits.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { countReceived, receivedBytes } from '../support/data-channels.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import { openLink, savedSha256, shareFiles, untilPercent, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { openSharer, slowly } from '../support/sharer.ts'

const content = seededBytes(21, 20_000_000)
/** So that a fetch is still under way when something is done to it. */
const bytesPerSecond = 4_000_000
const takesOverMs = 2_000
/** Of what the page had shown, no more than a segment is asked for again. The rest are hashes and headers. */
const againBytes = segmentBlocks * blockBytes + 200_000

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser

beforeAll(async () => {
  ;[place, quire, alice] = await Promise.all([temporaryFolder('tabs'), startQuire(), launchBrowser()])
})

afterAll(async () => {
  await alice.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

/** What a person sees in the library: one row for each item. */
const rows = (page: Page) => page.locator('[data-row]')

it('two tabs that open one link fetch it once, and each can save it', async () => {
  const path = join(place.path, 'film.bin')
  await writeFile(path, content)
  const link = await shareFiles(alice.page, quire.url, [path])
  await using bob = await launchBrowser()
  await countReceived(bob.context)
  const second = await bob.context.newPage()
  await Promise.all([openLink(bob.page, link), openLink(second, link)])
  await Promise.all([untilState(bob.page, 'complete', 60_000), untilState(second, 'complete', 60_000)])
  await alice.page.locator('[data-testid="peer-count"]:text-is("1")').waitFor({ state: 'attached' })
  const received = await Promise.all([receivedBytes(bob.page), receivedBytes(second)])
  expect(Math.min(...received)).toBe(0)
  expect(Math.max(...received)).toBeLessThan(content.length * 1.03)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
  expect(await savedSha256(second)).toBe(sha256Of(content))
  await second.goto(`${quire.url}/#/`)
  await rows(second).first().waitFor()
  expect(await rows(second).count()).toBe(1)
})

it('when the tab that fetches is closed the other goes on within 2 s, and gets at most a segment again', async () => {
  await using sharer = await openSharer({ relay: quire.url, readBlocks: slowly(bytesPerSecond) })
  const link = await sharer.shareBytes('film.bin', content, { plain: true })
  await using bob = await launchBrowser()
  await countReceived(bob.context)
  await openLink(bob.page, link)
  await untilState(bob.page, 'fetching')
  const second = await bob.context.newPage()
  await openLink(second, link)
  const shown = await untilPercent(second, 30)
  expect(await receivedBytes(second)).toBe(0)
  const closedAtMs = Date.now()
  await bob.page.close()
  const left = await untilPercent(second, shown)
  await expect.poll(() => receivedBytes(second), { timeout: 90_000, interval: 20 }).toBeGreaterThan(blockBytes)
  expectWithin(takesOverMs, 'taking over from a closed tab', Date.now() - closedAtMs)
  await untilState(second, 'complete', 60_000)
  expect(await receivedBytes(second)).toBeLessThan(content.length * (1 - left / 100) + againBytes)
  expect(await savedSha256(second)).toBe(sha256Of(content))
})

it('what one tab shares is in the other at once, and what one removes vanishes in the other', async () => {
  await using bob = await launchBrowser()
  await bob.page.goto(`${quire.url}/#/`)
  const second = await bob.context.newPage()
  await second.goto(`${quire.url}/#/`)
  const path = join(place.path, 'note.txt')
  await writeFile(path, 'from one tab to the other')
  await shareFiles(bob.page, quire.url, [path])
  await rows(second).getByText('note.txt').waitFor()
  await bob.page.keyboard.press('Escape')
  await rows(bob.page).getByText('note.txt').waitFor()
  await second.getByRole('button', { name: 'More for note.txt' }).focus()
  await second.keyboard.press('Enter')
  await second.keyboard.press('End')
  await second.keyboard.press('Enter')
  await second.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await second.getByText('note.txt was removed.').waitFor()
  await rows(bob.page).waitFor({ state: 'detached' })
  await bob.page.reload()
  await bob.page.getByRole('heading', { name: 'Share a file straight from this tab' }).waitFor()
})
