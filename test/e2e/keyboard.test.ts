import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, sha256OfFile, temporaryFolder } from '../support/files.ts'
import { untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }
const content = seededBytes(31, 200_000)

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  ;[place, quire, alice, bob] = await Promise.all([
    temporaryFolder('keyboard'),
    startQuire(),
    launchBrowser({ whole: true }),
    launchBrowser({ whole: true })
  ])
  await alice.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: quire.url })
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim()
  })

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const met: string[] = []
  for (let press = 0; press < 25; press++) {
    await page.keyboard.press('Tab')
    met.push(await focused(page))
    if (typeof name === 'string' ? met.at(-1) === name : name.test(met.at(-1)!)) return
  }
  throw new Error(`the focus never came to ${String(name)}, only to ${met.join(' | ')}`)
}

it('a file is shared, fetched, saved and removed without a mouse, and the focus is never lost', async () => {
  const path = join(place.path, 'letter.bin')
  await writeFile(path, content)

  const { page } = alice
  // Listened to from the start: a chooser that opens before the browser knows of the listener is cancelled.
  page.on('filechooser', (chooser) => void chooser.setFiles(path))
  await page.goto(`${quire.url}/`)
  await tabTo(page, 'Choose files')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Share “letter.bin”' }).waitFor()
  await page.getByTestId('share-link').waitFor({ state: 'attached' })
  await tabTo(page, 'Copy link')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).toContain('/#/s/')
  await page.keyboard.press('Escape')
  await expect.poll(() => focused(page), soon).toBe('letter.bin')

  const other = bob.page
  await other.goto(`${quire.url}/`)
  await tabTo(other, 'Open a link')
  await other.keyboard.press('Enter')
  await expect.poll(() => focused(other), soon).toBe('Open a link')
  await other.keyboard.insertText(link)
  await other.keyboard.press('Enter')
  await untilState(other, 'complete')
  expect(await other.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
  await tabTo(other, 'Save to disk')
  const download = other.waitForEvent('download')
  await other.keyboard.press('Space')
  expect(await sha256OfFile(await (await download).path())).toBe(sha256Of(content))
  await other.keyboard.press('Escape')
  await expect.poll(() => focused(other), soon).toBe('letter.bin')
  await tabTo(other, 'More for letter.bin')
  await other.keyboard.press('Enter')
  await other.keyboard.press('End')
  await other.keyboard.press('Enter')
  await other.getByRole('dialog', { name: 'Remove “letter.bin”?' }).waitFor()
  await tabTo(other, 'Remove')
  await other.keyboard.press('Enter')
  await other.getByText('letter.bin was removed.').waitFor()
  await expect.poll(() => other.evaluate(() => document.activeElement?.tagName), soon).toBe('MAIN')
})
