import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { byId } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }

let quire: Quire
let browser: TestBrowser
let page: Page

beforeAll(async () => {
  ;[quire, browser] = await Promise.all([startQuire(), launchBrowser({ whole: true })])
  page = browser.page
  await page.goto(`${quire.url}/`)
  await byId(page, 'offline-ready').waitFor({ state: 'attached' })
})

afterAll(async () => {
  await browser.close()
  await quire.stop()
})

/** What a phone's own share menu does with the installed page: sends a form to where the manifest says. */
async function shareFromOutside(words: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}) {
  const target = await page.evaluate(async () => {
    const { href } = document.querySelector<HTMLLinkElement>('link[rel=manifest]')!
    const manifest = (await (await fetch(href)).json()) as { share_target: ShareTarget }
    const { action, method, enctype, params } = manifest.share_target
    return { action: new URL(action, href).href, method, enctype, field: params.files[0]!.name }
  })
  await page.goto('about:blank')
  await page.evaluate(
    ([{ action, method, enctype, field }, words]) => {
      const form = Object.assign(document.createElement('form'), { action, method, enctype })
      for (const [name, value] of Object.entries(words))
        form.append(Object.assign(document.createElement('input'), { name, value }))
      form.append(Object.assign(document.createElement('input'), { name: field, type: 'file', multiple: true }))
      document.body.append(form)
    },
    [target, words] as const
  )
  const picked = Object.entries(files).map(([name, text]) => ({
    name,
    mimeType: 'text/plain',
    buffer: Buffer.from(text)
  }))
  await page.locator('[type=file]').setInputFiles(picked)
  await page.evaluate(() => document.querySelector('form')!.submit())
}

interface ShareTarget {
  readonly action: string
  readonly method: string
  readonly enctype: string
  readonly params: { readonly files: readonly { readonly name: string }[] }
}

it('can be installed', async () => {
  const session = await browser.context.newCDPSession(page)
  const { url, errors } = await session.send('Page.getAppManifest')
  expect(url).toBe(`${quire.url}/manifest.webmanifest`)
  expect(errors).toEqual([])
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
  expect(installabilityErrors).toEqual([])
})

it('files that another program shares with it are shared on', async () => {
  await shareFromOutside({ title: 'two' }, { 'größe 1.txt': 'first', 'b.txt': 'second' })
  await page.getByRole('dialog', { name: /^Share “/ }).waitFor()
  await byId(page, 'share-link').waitFor({ state: 'attached' })
  await page.keyboard.press('Escape')
  await page.getByText('Sharing · 2 files · 11 B').waitFor()
  // What was taken is gone: the same address once more shares nothing again.
  await page.goto('about:blank')
  await page.goto(`${quire.url}/#/received`)
  await expect.poll(() => new URL(page.url()).hash, soon).toBe('#/')
  await page.locator('[data-row]').first().waitFor()
  expect(await page.locator('[data-row]').count()).toBe(1)
})

it('says so when there is no room for what another program shares with it', async () => {
  const session = await browser.context.newCDPSession(page)
  await session.send('Storage.overrideQuotaForOrigin', { origin: quire.url, quotaSize: 1_000 })
  await shareFromOutside({ title: 'large' }, { 'large.txt': 'x'.repeat(1_000_000) })
  await page.getByText('What was shared with Quire did not arrive. Choose it here.').waitFor()
  await session.send('Storage.overrideQuotaForOrigin', { origin: quire.url })
  expect(await page.getByRole('dialog').count()).toBe(0)
})

it('a link that another program shares with it is opened, any other text becomes a note', async () => {
  await shareFromOutside({ text: 'look at this', url: `${quire.url}/#/s2/zDv?k=newer` })
  await page.getByRole('heading', { name: 'This link is of a newer Quire' }).waitFor()
  await shareFromOutside({ text: 'Milk, bread & tea' })
  await page.getByRole('dialog', { name: 'Share a text' }).waitFor()
  expect(await page.getByRole('textbox', { name: 'Text' }).inputValue()).toBe('Milk, bread & tea')
  await page.getByRole('button', { name: 'Share', exact: true }).click()
  await page.getByRole('dialog', { name: 'Share “Milk bread tea.txt”' }).waitFor()
})
