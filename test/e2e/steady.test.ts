import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { openFakePage } from '../support/fake-page.ts'
import type { FakePage } from '../support/fake-page.ts'
import type { FakeQuire } from '../support/fake-quire.ts'

/** What is under the page; there once it is drawn. */
declare const fakeQuire: FakeQuire

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }

let fake: FakePage
beforeAll(async () => {
  fake = await openFakePage()
})
afterAll(() => fake.close())

const focusedRow = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('data-row'))

/** Puts so many items more into the library. */
const putMore = (page: Page, count: number): Promise<void> =>
  page.evaluate((count) => {
    const view = fakeQuire.item('budget' as SetId)!.peek()
    for (let n = 0; n < count; n++) fakeQuire.put({ ...view, id: `more-${n}` as SetId, title: `More ${n}` })
  }, count)

describe('the focus', () => {
  async function backFromAnItem(more = 0): Promise<Page> {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await putMore(page, more)
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Harbour walk, final cut.mp4' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => focusedRow(page), soon).toBe('harbour')
    return page
  }

  it('stays in the link field while the library changes', async () => {
    const page = await backFromAnItem()
    await page.keyboard.press('/')
    const field = page.getByRole('textbox', { name: 'Open a link' })
    await putMore(page, 1)
    await page.getByText('More 0').waitFor()
    await page.keyboard.type('ps')
    expect(await field.inputValue()).toBe('ps')
    expect(new URL(page.url()).hash).toBe('#/')
  })

  it('stays in the search field while more rows are drawn', async () => {
    const page = await backFromAnItem(200)
    const field = page.getByRole('searchbox', { name: 'Find by name' })
    await field.focus()
    const before = await page.locator('[data-row]').count()
    await page.mouse.wheel(0, 100_000)
    await expect.poll(() => page.locator('[data-row]').count(), soon).toBeGreaterThan(before)
    await page.keyboard.type('more 7')
    expect(await field.inputValue()).toBe('more 7')
  })
})

/** Changes an item so, and waits until that is drawn. */
const change = (page: Page, id: string, over: Partial<ItemView>): Promise<void> =>
  page.evaluate(
    async ([id, over]) => {
      fakeQuire.item(id as SetId)!.change(over)
      await new Promise(requestAnimationFrame)
    },
    [id, over] as const
  )

describe('an item that is open', () => {
  it.each(['#/s/zDvFake-harbour?k=x', '#/i/harbour'])('is gone from %s when another tab removes it', async (hash) => {
    const page = await fake.open('scene=full', hash)
    await page.getByRole('heading', { name: 'Harbour walk, final cut.mp4' }).waitFor()
    await page.evaluate(() => fakeQuire.item('harbour' as SetId)!.remove())
    await page.getByRole('heading', { name: 'This item is not in your library' }).waitFor()
  })

  it('keeps the file that was chosen while the library changes', async () => {
    const page = await fake.open('scene=full', '#/i/lisbon')
    const chosen = page.getByRole('button', { name: 'IMG_4007.jpg' })
    await chosen.click()
    await expect.poll(() => chosen.getAttribute('aria-current'), soon).toBe('true')
    await putMore(page, 1)
    await page.evaluate(() => new Promise(requestAnimationFrame))
    expect(await chosen.getAttribute('aria-current')).toBe('true')
  })

  it('has been looked for since it waits, whatever changes meanwhile', async () => {
    const page = await fake.open('scene=odd', '#/i/nobody')
    const heading = page.getByRole('heading', { name: 'No one online has this yet' })
    await heading.waitFor()
    await change(page, 'nobody', { otherCopies: 1 })
    expect(await heading.count()).toBe(1)
  })

  it('says aloud how far it is when that grows, not with each block', async () => {
    const page = await fake.open('scene=full', '#/i/harbour')
    const spoken = page.locator('[aria-live=polite]').first()
    await expect.poll(() => spoken.textContent(), soon).toBe('50 percent: Harbour walk, final cut.mp4')
    await change(page, 'harbour', { peers: [] })
    await change(page, 'harbour', { doneBlocks: 1906 })
    await expect.poll(() => spoken.textContent(), soon).toBe('No peer is connected now.')
    await change(page, 'harbour', { doneBytes: 2400 * 65536 })
    await expect.poll(() => spoken.textContent(), soon).toBe('75 percent: Harbour walk, final cut.mp4')
  })

  it('has a title that is drawn once, in the direction of its letters', async () => {
    const page = await fake.open('scene=edges', '#/i/rtl')
    const title = page.getByRole('heading', { level: 1 })
    expect(await title.evaluate((h1) => getComputedStyle(h1).direction)).toBe('rtl')
    await title.evaluate((h1) => {
      const count = () => (h1.dataset['drawn'] = 'again')
      new MutationObserver(count).observe(h1, { attributeFilter: ['dir'] })
    })
    await change(page, 'rtl', { rateBytesPerSecond: 7 })
    expect(await title.getAttribute('data-drawn')).toBeNull()
  })
})

it.each([
  ['a library that cannot start', 'scene=broken', '#/', 'cannot start'],
  ['a link when nothing can start', 'scene=blocked', '#/s/zDvFake-harbour?k=x', 'Another tab holds the storage'],
  ['a link of a newer version', 'scene=full', '#/s/err-link-newer-version', 'This link is of a newer Quire'],
  ['what a newer version made', 'scene=odd', '#/i/newer', 'This was made by a newer Quire']
])('%s has a button to load the page anew', async (_what, query, hash, shows) => {
  const page = await fake.open(query, hash)
  await page.getByText(shows).first().waitFor()
  const loaded = page.waitForEvent('load')
  await page.getByRole('button', { name: 'Reload' }).click()
  await loaded
})

it('the banner counts the direct peers that are there now', async () => {
  const page = await fake.open('scene=relay', '#/')
  const banner = page.getByRole('status').filter({ hasText: 'No relay is answering' })
  await banner.getByText('The 2 direct peers stay connected.').waitFor()
  await change(page, 'harbour', { peers: [] })
  await change(page, 'budget', { peers: [] })
  await banner.getByText('Nobody can find you, and you can find nobody, for now.').waitFor()
})

it('a link that failed is tried again when it is pasted again', async () => {
  const page = await fake.open('scene=full', '#/s/err-link-cut')
  const again = page.getByRole('button', { name: 'Paste again' })
  await again.click()
  await page.keyboard.insertText('https://other.example/#/s/err-link-cut')
  await page.keyboard.press('Enter')
  await again.waitFor()
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
})

it('what is here whole is listed so while it rests', async () => {
  const page = await fake.open('scene=full', '#/')
  await page.getByRole('radio', { name: 'Offline 1' }).waitFor()
  await page.evaluate(() => fakeQuire.item('budget' as SetId)!.pause())
  await page.getByText('Paused · ').nth(1).waitFor()
  expect(await page.getByRole('radio').allTextContents()).toEqual(['All 6', 'Sharing 2', 'Fetching 3', 'Offline 1'])
})
