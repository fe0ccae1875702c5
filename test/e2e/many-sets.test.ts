import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { byId, linkOf, openLink, shareEach, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'

/** Data sets in one library: `MANY_SETS=1000` tries what the page is measured with, which takes four minutes. */
const count = Number(process.env.MANY_SETS ?? 240)
/** Added at a time. */
const together = 20

let quire: Quire
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  ;[quire, alice, bob] = await Promise.all([startQuire(), launchBrowser(), launchBrowser()])
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
})

const nameOf = (i: number) => `note ${String(i).padStart(4, '0')}.txt`

const rows = (page: Page) => page.locator('[data-row]')

describe(`a library of ${count} data sets`, () => {
  it('is made, one share after another', async () => {
    const { page } = alice
    await page.goto(`${quire.url}/#/`)
    await byId(page, 'file-input').waitFor({ state: 'attached' })
    for (let from = 0; from < count; from += together) {
      const names = Array.from({ length: together }, (_, i) => nameOf(from + i))
      await shareEach(page, names)
      // The newest is on top as soon as it is in the library.
      await page.locator(`[data-row][aria-label="${names.at(-1)}"]`).waitFor({ state: 'attached' })
    }
    await linkOf(page)
    await page.locator('[data-testid="item-state"]:text-is("sharing")').waitFor({ state: 'attached' })
  })

  it('is open in seconds, draws what is in sight, and the rest as it is scrolled to', async () => {
    const { page } = alice
    await page.goto('about:blank')
    await page.goto(`${quire.url}/#/`)
    await rows(page).first().waitFor()
    await page.getByRole('searchbox', { name: 'Find by name' }).waitFor()
    expect(await rows(page).count()).toBeLessThan(200)
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(8_000)
    await expect
      .poll(
        async () => {
          await page.evaluate(scrollToLast)
          return rows(page).count()
        },
        { timeout: 180_000 }
      )
      .toBe(count)
  })

  it('finds one by its name, which anybody who has its link can fetch', async () => {
    const { page } = alice
    await page.goto('about:blank')
    await page.goto(`${quire.url}/#/`)
    for (const wanted of [3, count / 2, count - 3]) {
      await page.getByRole('searchbox', { name: 'Find by name' }).fill(` ${nameOf(wanted).toUpperCase()} `)
      await expect.poll(() => rows(page).count()).toBe(1)
      await page.getByRole('link', { name: `Share ${nameOf(wanted)}` }).click()
      await openLink(bob.page, await linkOf(page))
      await untilState(bob.page, 'complete', 90_000)
      expect(await bob.page.title()).toContain(nameOf(wanted))
      await page.goto(`${quire.url}/#/`)
    }
  })
})

/** Runs in the page, whose rows may be drawn anew at any moment. */
function scrollToLast(): void {
  const drawn = document.querySelectorAll('[data-row]')
  drawn[drawn.length - 1]?.scrollIntoView()
}
