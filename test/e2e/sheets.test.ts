import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFakePage } from '../support/fake-page.ts'
import type { FakePage } from '../support/fake-page.ts'
import type { FakeQuire } from '../support/fake-quire.ts'

/** The engine of the page: one that only looks like it. */
declare const fakeQuire: FakeQuire

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

const isFocused = (page: Page, testId: string): Promise<boolean> =>
  page.getByTestId(testId).evaluate((element) => element === document.activeElement)

describe('a sheet over an item', () => {
  it('leaves it as it was, under the sheet and after it', async () => {
    const page = await fake.open('scene=full', '#/i/harbour', phone)
    await page.locator('pre').waitFor()
    await page.locator('pre').evaluate((preview) => (preview.dataset['seen'] = 'yes'))
    const share = page.getByRole('link', { name: 'Share', exact: true })
    await share.click()
    await page.getByRole('dialog', { name: 'Share “Harbour walk, final cut.mp4”' }).waitFor()
    expect(await page.title()).toBe('Share “Harbour walk, final cut.mp4” · Quire')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(new URL(page.url()).hash).toBe('#/i/harbour')
    expect(await page.locator('pre').getAttribute('data-seen')).toBe('yes')
    await expect.poll(() => page.title(), soon).toMatch(/^62.*Harbour walk, final cut.mp4 · Quire$/)
    await expect.poll(() => share.evaluate((link) => link === document.activeElement), soon).toBe(true)
  })
})

describe('a text that is written', () => {
  async function write(): Promise<Page> {
    const page = await fake.open('scene=full', '#/')
    await page.getByRole('button', { name: 'Share a text' }).click()
    await page.getByRole('textbox', { name: 'Text' }).pressSequentially('Dear all')
    return page
  }
  const reopen = (page: Page) => page.getByRole('button', { name: 'Share a text' }).click()
  const textOf = (page: Page) => page.getByRole('textbox', { name: 'Text' }).inputValue()

  it('stays when it is selected with a pointer that leaves the sheet', async () => {
    const page = await write()
    await page.getByRole('textbox', { name: 'Text' }).hover()
    await page.mouse.down()
    await page.mouse.move(5, 5)
    await page.mouse.up()
    expect(await textOf(page)).toBe('Dear all')
    // A press that begins outside still closes it.
    await page.mouse.click(5, 5)
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('is there again when its sheet was closed, until it is shared', async () => {
    const page = await write()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await reopen(page)
    expect(await textOf(page)).toBe('Dear all')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('dialog', { name: 'Share “Dear all.txt”' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await reopen(page)
    expect(await textOf(page)).toBe('')
  })

  it('has before it what was written and not shared, when another is pasted', async () => {
    const page = await write()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const paste = () =>
      page.evaluate(() => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text/plain', 'see you')
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
      })
    // Twice: what was only pasted is not kept.
    for (let time = 0; time < 2; time++) {
      await paste()
      expect(await textOf(page)).toBe('Dear all\n\nsee you')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
  })
})

describe('the link', () => {
  it('is read out as copied, in the sheet', async () => {
    const page = await fake.open('scene=full', '#/share/lisbon')
    await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.resolve()))
    await page.getByRole('button', { name: 'Copy link' }).click()
    const heard = page.getByRole('dialog').locator('[aria-live=assertive]')
    await expect.poll(() => heard.textContent(), soon).toBe('Copied')
  })

  it('is there in whole and selected where the browser refuses to copy, and a word about it is seen', async () => {
    const page = await fake.open('scene=full', '#/share/lisbon', phone)
    await page.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))))
    await page.getByRole('button', { name: 'Copy link' }).click()
    const field = page.getByRole('textbox', { name: 'The whole link' })
    await field.waitFor()
    expect(await field.inputValue()).toBe(await page.getByTestId('share-link').textContent())
    await expect.poll(() => page.evaluate(() => getSelection()?.toString()), soon).toBe(await field.inputValue())
    expect(await isOnTop(page, 'did not allow copying')).toBe(true)
  })

  it('is announced when all is sealed, and who stands on the switch stays there', async () => {
    const page = await fake.open('scene=odd', '#/share/adding')
    await page.getByTestId('keep-switch').focus()
    await page.evaluate(() => dispatchEvent(new Event('fake-sealed')))
    await page.getByTestId('share-link').waitFor({ state: 'attached' })
    expect(await isFocused(page, 'keep-switch')).toBe(true)
    const heard = page.getByRole('dialog').locator('[aria-live=polite]').first()
    await expect.poll(() => heard.textContent(), soon).toBe('Sealed: the link is here.')
  })
})

it('nothing on the sheet moves when a keeper becomes known', async () => {
  for (const size of [{}, phone]) {
    const page = await fake.open('scene=no-keepers', '#/share/none', size)
    const sheet = page.getByRole('dialog')
    await sheet.locator('p', { hasText: 'No keeper is known here.' }).waitFor()
    const before = await sheet.boundingBox()
    await page.evaluate(() => {
      const terms = { dataSetBytesMax: 5e8, termMsMax: 2.6e9, invited: false }
      const keeper = { peerId: 'fake-keeper', host: 'quire.example', record: '', terms }
      fakeQuire.network.tell(Object.assign({}, fakeQuire.network.peek(), { keepers: [keeper] }))
    })
    await sheet.getByText('quire.example', { exact: true }).waitFor()
    expect(await sheet.boundingBox()).toEqual(before)
  }
})

it('a note on a phone stands at the foot, or over the buttons that stand there', async () => {
  const page = await fake.open('scene=full&update', '#/i/budget', phone)
  const bottom = async () => {
    const { y, height } = (await page.getByText('New version ready.').locator('..').boundingBox())!
    return y + height
  }
  const save = page.getByTestId('save')
  await save.waitFor()
  expect(await bottom()).toBeLessThan((await save.boundingBox())!.y)
  await page.getByRole('link', { name: 'Library' }).click()
  await page.getByText('thesis-draft-7.pdf').waitFor()
  await expect.poll(bottom, soon).toBe(phone.viewport.height - 20)
})

it('what a sheet fails at is seen over it', async () => {
  const page = await fake.open('scene=keepers', '#/share/unwritable', phone)
  await page.getByTestId('keep-switch').click()
  await page.getByRole('dialog').getByText('The storage failed').waitFor()
  expect(await isOnTop(page, 'The storage failed')).toBe(true)
})

describe('what comes from outside and cannot be read', () => {
  it('is named when it is dropped, and the rest is shared', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('Lisbon in March').waitFor()
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer()
      for (const name of ['a.txt', 'b.txt']) dataTransfer.items.add(new File(['x'], name))
      const entries = ['a.txt', 'b.txt'].map((name) => ({
        isDirectory: false,
        fullPath: `/${name}`,
        file: (resolve: (file: File) => void, reject: (error: Error) => void) =>
          name === 'a.txt' ? reject(new Error('gone')) : resolve(new File(['x'], name))
      }))
      DataTransferItem.prototype.webkitGetAsEntry = () => entries.shift() as unknown as FileSystemEntry
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    })
    await page.getByRole('dialog', { name: 'Share “b.txt”' }).waitFor()
    await page.getByRole('dialog').getByText('“a.txt” could not be read. The rest is shared.').waitFor()
  })

  it('is told when another program shared it', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.evaluate(() => {
      caches.open = () => Promise.reject(new Error('no room'))
      location.hash = '#/received'
    })
    await page.getByText('What was shared with Quire did not arrive').waitFor()
  })
})

describe('the address of who shares', () => {
  it('is hidden from a phone, too, from the next load on, and the sheet tells that until then it is not', async () => {
    const page = await fake.open('scene=full', '#/share/lisbon', phone)
    // The only copy of what was just shared is here: the browser asks before it loads anew, and the person stays.
    page.once('dialog', (question) => void question.dismiss())
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Settings and keys' }).click()
    await page.getByTestId('relay-only').click()
    await page.getByText('Until then others can see your address').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Settings and keys' }).click()
    expect(await page.getByTestId('relay-only').isChecked()).toBe(true)
    await page.getByText('Until then others can see your address').waitFor()
    // Chosen otherwise again, there is nothing to wait for.
    await page.getByTestId('relay-only').click()
    await page.getByText('Until then others can see your address').waitFor({ state: 'detached' })
  })

  it('is told to be seen still in a tab that began before another hid it', async () => {
    const place = (await fake.open('scene=full', '#/')).url()
    const context = await fake.browser.newContext()
    const [first, second] = [await context.newPage(), await context.newPage()]
    for (const page of [first, second]) {
      await page.goto(place)
      await page.getByText('Lisbon in March').waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    }
    await first.getByTestId('relay-only').click()
    await first.getByRole('dialog').waitFor({ state: 'detached' })
    await second.getByText('Until then others can see your address').waitFor()
    await first.keyboard.press('?')
    await first.locator('[data-testid="relay-only"][aria-checked="true"]').waitFor()
    expect(await first.getByText('From the next load on').count()).toBe(0)
    await second.getByRole('button', { name: 'Reload' }).click()
    await second.getByRole('dialog').waitFor({ state: 'detached' })
    await context.close()
  })
})
