// Long: one build of the page serves all of these.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFakePage } from '../support/fake-page.ts'
import type { FakePage } from '../support/fake-page.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }
const desktop = { width: 1280, height: 800 }
const phone = { width: 390, height: 844 }

let fake: FakePage
beforeAll(async () => {
  fake = await openFakePage()
})
afterAll(() => fake.close())

/** What a screen shows when it is drawn: text to wait for. */
const screens: readonly (readonly [name: string, query: string, hash: string, shows: string])[] = [
  ['first run', 'scene=empty', '#/', 'Honest about copies'],
  ['library', 'scene=full&update&install', '#/', 'azores-tiles.pmtiles'],
  ['library of odd states', 'scene=odd', '#/', 'Not known yet'],
  ['library without a relay', 'scene=relay', '#/', 'No relay is answering'],
  ['library without WebRTC', 'scene=webrtc', '#/', 'no direct connections'],
  ['library that cannot start', 'scene=broken', '#/', 'cannot start'],
  ['share, only here', 'scene=full', '#/share/lisbon', 'Only this tab has it'],
  ['share, several copies', 'scene=full', '#/share/thesis', '5 full copies now'],
  ['share, safe at a keeper', 'scene=keepers', '#/share/safe', 'Safe to close'],
  ['share, on its way to a keeper', 'scene=keepers', '#/share/handing', 'Not safe to close yet'],
  ['share, safe at two keepers', 'scene=keepers', '#/share/both', '2 keepers have it'],
  ['share, at a keeper of a stranger', 'scene=stranger', '#/share/both', 'found on the network'],
  ['share, at a keeper by invitation', 'scene=invited', '#/share/both', 'by invitation, up to'],
  ['invitation', 'scene=full', '#/keeper/x', 'Grey Heron keeps up to'],
  ['invitation, taken', 'scene=full', '#/keeper/taken', 'You have taken this invitation'],
  ['invitation, cut', 'scene=full', '#/keeper/err-invitation-cut', 'Its end is missing'],
  ['share, keepers away', 'scene=keepers', '#/share/all-away', '2 keepers promised'],
  ['library with keepers', 'scene=keepers', '#/', 'Kept until'],
  ['share, sealing', 'scene=odd', '#/share/adding', 'The link appears'],
  ['share, failed', 'scene=odd', '#/share/changed', 'changed while it was read'],
  ['receive, fetching', 'scene=full', '#/s/zDvFake-harbour?k=x', '18'],
  ['receive, many files', 'scene=full', '#/i/lisbon', '10,001 files'],
  ['receive, waiting', 'scene=full', '#/i/tiles', '425 blocks'],
  ['receive, nobody', 'scene=odd', '#/i/nobody', 'No one online has this yet'],
  ['receive, where nothing is kept', 'scene=private', '#/i/tiles', 'a private window keeps nothing'],
  ['receive, no room', 'scene=odd', '#/i/noroom', 'no room'],
  ['receive, damaged block', 'scene=odd', '#/i/liar', 'failed its check'],
  ['receive, nothing known yet', 'scene=edges', '#/i/zero', 'Asking for the first block'],
  ['library of many', 'scene=many', '#/', 'Offline 40'],
  ['names at their edges', 'scene=edges', '#/', 'Not known yet'],
  ['receive, a long name and many files', 'scene=edges', '#/i/long', '201 files'],
  ['cut link', 'scene=full', '#/s/err-link-cut', 'end of this link is missing']
]

/** What breaks the rules: those named, or all. */
async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const { violations: found } = await page.evaluate((runOnly) => {
    const { axe: audit } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }
    return audit.run({ resultTypes: ['violations'], selectors: false, ...(runOnly && { runOnly: [...runOnly] }) })
  }, rules)
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** What can be pressed and ends beyond the edge of the window. */
function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, input, [role=switch]')]
      .filter((element) => element.checkVisibility() && !element.closest('.vh, .skip'))
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth)
      .map((element) => element.outerHTML.slice(0, 100))
  )
}

/** What can be touched and is smaller than a finger. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, [role=switch]')]
      // A row is touched anywhere; the skip link is for keyboards.
      .map((element) => (element.matches('[data-row]') ? element.closest('li')! : element))
      .filter((element) => element.checkVisibility() && !element.closest('.vh, .skip, [inert]'))
      .flatMap((element) => {
        const { width, height } = element.getBoundingClientRect()
        return Math.min(width, height) < 44 ? [`${width}x${height} ${element.outerHTML.slice(0, 100)}`] : []
      })
  )
}

// Opened once each, and looked at in every size and theme: to open a screen costs more than to look at it.
describe.each(screens)('%s', (_name, query, hash, shows) => {
  let page: Page
  beforeAll(async () => {
    page = await fake.open(query, hash, { viewport: desktop, hasTouch: true })
    await page.getByText(shows).first().waitFor({ state: 'attached' })
    await page.evaluate(axe)
  })

  // The themes differ in their colours alone: what lies on what in which size is seen in the first.
  it.each([
    ['light', [desktop, phone], undefined],
    ['dark', [phone], ['color-contrast']]
  ] as const)('has no accessibility faults in the %s theme', async (colorScheme, sizes, rules) => {
    await page.emulateMedia({ colorScheme })
    for (const viewport of sizes) {
      await page.setViewportSize(viewport)
      expect(await violations(page, rules)).toEqual([])
      expect(await page.locator('body').innerText()).not.toMatch(/undefined|NaN|Infinity|\[object/)
    }
  })

  it('fits 320 px without sideways scroll, and nothing to press is cut off', async () => {
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await sideways(page)).toBe(0)
    expect(await cutOff(page)).toEqual([])
  })

  it('has targets of at least 44 px on a phone', async () => {
    await page.setViewportSize(phone)
    expect(await smallTargets(page)).toEqual([])
  })
})

describe.each([desktop, phone])('with letters of twice the size, $width px', (viewport) => {
  const openLarge = async (query: string, hash: string, shows: string): Promise<Page> => {
    const page = await fake.open(query, hash, { viewport, locale: 'en' })
    const browser = await page.context().newCDPSession(page)
    await browser.send('Page.setFontSizes', { fontSizes: { standard: 32 } })
    await page.getByText(shows).first().waitFor()
    return page
  }

  it.each([
    ['scene=empty', '#/', 'Honest about copies'],
    ['scene=keepers', '#/share/both', 'Ask keepers to hold a copy'],
    ['scene=full', '#/s/zDvFake-harbour?k=x', 'Save to disk']
  ])('all of them are, and nothing is cut off, %s%s', async (query, hash, shows) => {
    const page = await openLarge(query, hash, shows)
    expect([await sideways(page), await cutOff(page)]).toEqual([0, []])
    const small = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((element) => element.checkVisibility() && element.closest('.vh, .skip, svg') === null)
        .filter(({ childNodes }) =>
          [...childNodes].some((node) => node.nodeType === 3 && node.nodeValue!.trim() !== '')
        )
        .filter((element) => parseFloat(getComputedStyle(element).fontSize) < 22)
        .map(({ outerHTML }) => outerHTML.slice(0, 100))
    )
    expect(small).toEqual([])
  })

  it('what a row of the library says is whole', async () => {
    const page = await openLarge('scene=full', '#/', 'thesis-draft-7.pdf')
    expect([await sideways(page), await cutOff(page)]).toEqual([0, []])
    // A long name is cut in its middle in any size.
    const cutShort = await page.evaluate(() =>
      [...document.querySelectorAll('li:has([data-row]) .trunc:not([data-row] *)')]
        .filter((line) => line.checkVisibility() && line.scrollWidth > line.clientWidth)
        .map(({ textContent }) => textContent)
    )
    expect(cutShort).toEqual([])
  })
})

it('a newcomer sees at once what this is, before the library is open', async () => {
  const page = await fake.open('scene=loading', '#/')
  await page.reload()
  await page.getByText('Honest about copies').waitFor()
  const known = await fake.open('scene=full', '#/')
  // Opening a scene forgets earlier visits; this is one.
  await known.reload()
  await known.getByText('thesis-draft-7.pdf').waitFor()
  await known.goto(known.url().replace('scene=full', 'scene=loading'))
  await known.getByText('Opening the library').waitFor({ state: 'attached' })
})

it('every place has a title of its own', async () => {
  const titleAt = async (query: string, hash: string, title: string) => {
    const page = await fake.open(query, hash)
    await expect.poll(() => page.title(), soon).toBe(title)
  }
  await titleAt('scene=full', '#/', 'Quire')
  await titleAt('scene=full', '#/share/lisbon', 'Share “Lisbon in March” · Quire')
  await titleAt('scene=full', '#/i/harbour', '62\u00a0% · Harbour walk, final cut.mp4 · Quire')
  await titleAt('scene=full', '#/i/budget', 'grant-budget.xlsx · Quire')
  await titleAt('scene=full', '#/s/err-link-cut', 'The end of this link is missing · Quire')
})

describe('with the keyboard alone', () => {
  it('a link is pasted, its item opened and left again', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('https://other.example/#/s/zDvFake-harbour?k=x')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('h1').textContent(), soon).toBe('Harbour walk, final cut.mp4')
    expect(new URL(page.url()).hash).toBe('#/s/zDvFake-harbour?k=x')
    await page.keyboard.press('Escape')
    await expect.poll(() => new URL(page.url()).hash, soon).toBe('#/')
  })

  it('the first Tab leads past what every page has', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Skip to content' }).press('Enter')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
  })

  it('the focus goes along to an item and back to its row', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Harbour walk, final cut.mp4' }).waitFor()
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-row')), soon).toBe('harbour')
  })

  it('a list that was narrowed is the same on the way back, and shows all once something comes into it', async () => {
    const page = await fake.open('scene=many', '#/')
    const find = page.getByPlaceholder('Find by name')
    await page.getByRole('radio', { name: 'Offline 40' }).click()
    await find.fill('report 11')
    await page.locator('[data-row=many-11]').press('Enter')
    await page.getByRole('heading', { name: 'report 11.pdf' }).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-row=many-11]:focus').waitFor()
    expect(await find.inputValue()).toBe('report 11')
    expect(await page.getByRole('radio', { name: 'Offline 40' }).isChecked()).toBe(true)
    const next = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }
    await page.getByTestId('file-input').setInputFiles(next)
    await page.getByRole('dialog', { name: 'Share “note.txt”' }).waitFor()
    expect(await find.inputValue()).toBe('')
    expect(await page.getByRole('radio', { name: 'All 121' }).isChecked()).toBe(true)
  })

  it('settings open over a link, too, and are left to where they were opened', async () => {
    const page = await fake.open('scene=full', '#/s/zDvFake-harbour?k=x', { viewport: phone })
    const settings = page.getByRole('button', { name: 'Settings and keys' })
    await settings.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('switch', { name: 'Hide my address from others' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => settings.evaluate((button) => button === document.activeElement), soon).toBe(true)
  })

  it('filters are one stop, and arrows choose among them', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByRole('radio', { name: 'All 6' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Sharing 2')
    expect(await page.getByRole('radio', { name: 'Sharing 2' }).isChecked()).toBe(true)
    expect(await page.locator('[data-row]').count()).toBe(2)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Offline 1')
  })

  it('a text that is pasted becomes a note, and is shared as a file', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await page.evaluate(() => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', 'Dear all,\nsee you at noon.')
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
    })
    await page.getByRole('dialog', { name: 'Share a text' }).waitFor()
    await page.evaluate(axe)
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Control+Enter')
    await page.getByRole('dialog', { name: 'Share “Dear all.txt”' }).waitFor()
  })

  it('text that is no link is answered in words, beside the field', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('thesis-draft-7.pdf').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('hello')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'This is not a Quire link' }).waitFor()
  })

  it('rows are walked, one is shared, and the focus comes back', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('Lisbon in March').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('ArrowDown')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Lisbon in March')
    await page.keyboard.press('s')
    const sheet = page.getByRole('dialog', { name: 'Share “Lisbon in March”' })
    await sheet.waitFor()
    // Tab stays within the sheet.
    for (let press = 0; press < 8; press++) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)).toMatch(/DIALOG|BODY/)
    }
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Lisbon in March')
  })

  it('an item is paused, resumed and removed', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('Lisbon in March').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('p')
    await page.getByText('Paused · 125').waitFor()
    await page.keyboard.press('p')
    await page.getByText('Fetching 62').waitFor()
    await page.getByRole('button', { name: 'More for Harbour walk' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Remove “Harbour walk' }).waitFor()
    await page.getByRole('button', { name: 'Remove', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.locator('[data-row=harbour]').waitFor({ state: 'detached' })
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-row')), soon).toBe('lisbon')
  })

  it('keepers are switched off with Space, for this share and for the next ones', async () => {
    const page = await fake.open('scene=keepers', '#/share/asked')
    const keeps = page.getByRole('switch', { name: 'Ask keepers to hold a copy' })
    await keeps.focus()
    expect(await keeps.isChecked()).toBe(true)
    await page.keyboard.press('Space')
    await expect.poll(() => keeps.isChecked(), soon).toBe(false)
    const next = { name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }
    await page.getByTestId('file-input').setInputFiles(next)
    await page.getByRole('dialog', { name: 'Share “note.txt”' }).waitFor()
    expect(await keeps.isChecked()).toBe(false)
    await page.goto(page.url().replace(/#.*/, '#/share/handing'))
    await page.getByRole('dialog', { name: 'Share “grant-budget.xlsx”' }).waitFor()
    expect(await keeps.isChecked()).toBe(true)
  })

  it('the list of keys opens, and single keys can be switched off', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('Lisbon in March').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Settings and keys' }).waitFor()
    await page.getByTestId('single').focus()
    await page.keyboard.press('Space')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('j')
    expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe('A')
  })
})

it('says aloud, in the sheet and in the library, that closing is safe from now on', async () => {
  const page = await fake.open('scene=keepers', '#/share/handing')
  const sheet = page.getByRole('dialog')
  await sheet.getByText('Not safe to close yet').waitFor()
  expect((await sheet.getByRole('status').textContent())!).toBe('')
  await page.evaluate(() => dispatchEvent(new Event('fake-safe')))
  await expect
    .poll(() => sheet.getByRole('status').textContent(), soon)
    .toBe('Safe to close. quire.example has all of it and keeps it until January\u00a02.')
  await expect
    .poll(() => page.locator('[aria-live=polite]').first().textContent(), soon)
    .toBe('grant-budget.xlsx: Safe to close. Kept until January\u00a02')
})

it('nothing on the sheet moves when a keeper has taken its copy', async () => {
  for (const viewport of [desktop, phone]) {
    const page = await fake.open('scene=keepers', '#/share/handing', { viewport })
    const sheet = page.getByRole('dialog')
    await sheet.getByText('Not safe to close yet').waitFor()
    const before = await sheet.boundingBox()
    await page.evaluate(() => dispatchEvent(new Event('fake-safe')))
    await sheet.getByText('Safe to close', { exact: true }).waitFor()
    expect(await sheet.boundingBox()).toEqual(before)
  }
})

describe('the automation contract', () => {
  it('names what a program needs on the library, the share sheet and the receive screen', async () => {
    const page = await fake.open('scene=full', '#/')
    await page.getByText('Lisbon in March').waitFor()
    expect(
      await page.getByTestId('file-input').evaluate((input: HTMLInputElement) => [input.type, input.multiple])
    ).toEqual(['file', true])
    expect(await page.getByTestId('folder-input').evaluate((input: HTMLInputElement) => input.webkitdirectory)).toBe(
      true
    )
    expect(await page.getByTestId('offline-ready').count()).toBe(1)

    await page
      .getByTestId('file-input')
      .setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') })
    expect(await page.getByTestId('share-link').textContent()).toMatch(
      /^https:\/\/quire\.example\/#\/s\/zDv\w+\?k=[\w-]+$/
    )
    expect(await page.getByTestId('item-state').textContent()).toBe('sharing')
    expect(await page.getByTestId('peer-count').textContent()).toBe('0')
    expect(await page.getByTestId('keep-switch').getAttribute('aria-checked')).toBe('true')
    expect(await page.getByTestId('keep-state').textContent()).toBe('none')

    const kept = await fake.open('scene=keepers', '#/share/safe')
    expect(await kept.getByTestId('keep-state').textContent()).toBe('safe')

    const receiving = await fake.open('scene=full', '#/s/zDvFake-harbour?k=x')
    await receiving.getByTestId('connection-kind').waitFor({ state: 'attached' })
    expect(await receiving.getByTestId('item-state').textContent()).toBe('fetching')
    expect(await receiving.getByTestId('progress').getAttribute('aria-valuenow')).toBe('62')
    expect(await receiving.getByTestId('peer-count').textContent()).toBe('4')
    expect(await receiving.getByTestId('connection-kind').textContent()).toBe('direct')
    expect(await receiving.getByTestId('save').isDisabled()).toBe(true)
  })

  it('an empty file is refused in words', async () => {
    const page = await fake.open('scene=full', '#/')
    await page
      .getByTestId('file-input')
      .setInputFiles({ name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
    await page.getByRole('dialog').getByText('This file is empty').waitFor()
    expect(await page.getByTestId('item-state').textContent()).toBe('error')
  })

  it('foreign text stays characters', async () => {
    const page = await fake.open('scene=full', '#/i/harbour')
    await page.locator('pre').waitFor()
    expect(await page.locator('pre').textContent()).toContain('<script>alert(1)</script>')
    expect(await page.locator('pre script').count()).toBe(0)
  })
})
