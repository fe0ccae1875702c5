import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFakePage } from '../support/fake-page.ts'
import type { FakePage } from '../support/fake-page.ts'

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }
const phone = { viewport: { width: 390, height: 844 } }

let fake: FakePage
beforeAll(async () => {
  fake = await openFakePage()
})
afterAll(() => fake.close())

/** Whether a person who looks at these words of the sheet sees them: nothing lies over them. */
const isOnTop = (page: Page, words: string): Promise<boolean> =>
  page
    .getByRole('dialog')
    .getByText(words)
    .evaluate((element) => {
      const { x, y, width, height } = element.getBoundingClientRect()
      return element.contains(document.elementFromPoint(x + width / 2, y + height / 2))
    })

describe('the link', () => {
  it('is read out as copied, in the sheet', async () => {
    const page = await fake.open('scene=full', '#/share/lisbon')
    await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.resolve()))
    await page.getByRole('button', { name: 'Copy link' }).click()
    const heard = page.getByRole('dialog').locator('[aria-live=assertive]')
    await expect.poll(() => heard.textContent(), soon).toBe('Copied')
  })
})

it('what a sheet fails at is seen over it', async () => {
  const page = await fake.open('scene=keepers', '#/share/unwritable', phone)
  await page.getByTestId('keep-switch').click()
  await page.getByRole('dialog').getByText('The storage failed').waitFor()
  expect(await isOnTop(page, 'The storage failed')).toBe(true)
})
