import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { temporaryFolder } from '../support/files.ts'
import { byId, openLink, shareFiles, untilPercent, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser

beforeAll(async () => {
  ;[place, quire, alice] = await Promise.all([temporaryFolder('preview'), startQuire(), launchBrowser()])
})

afterAll(async () => {
  await alice.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

async function share(...files: readonly (readonly [name: string, content: string | Uint8Array])[]): Promise<string> {
  const paths = files.map(([name]) => join(place.path, name))
  for (const [at, [, content]] of files.entries()) await writeFile(paths[at]!, content)
  return shareFiles(alice.page, quire.url, paths)
}

/** A grey picture of 4,000 pixels a row, without compression. */
function bitmap(rows: number): Uint8Array {
  const bytes = new Uint8Array(54 + rows * 12_000).fill(128)
  const header = new DataView(bytes.buffer)
  bytes.fill(0, 0, 54)
  header.setUint16(0, 0x424d)
  header.setUint32(2, bytes.length, true)
  header.setUint32(10, 54, true)
  header.setUint32(14, 40, true)
  header.setInt32(18, 4_000, true)
  header.setInt32(22, rows, true)
  header.setUint16(26, 1, true)
  header.setUint16(28, 24, true)
  return bytes
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

/** Everything that a share of these two files shows once it is here. */
async function showsBoth(page: Page): Promise<void> {
  await untilState(page, 'complete')
  await page.getByText('the first file').waitFor()
  await page.getByRole('button', { name: 'b.txt, 15' }).waitFor()
  await page.getByRole('button', { name: 'Save this file' }).waitFor()
}

const both = [
  ['a.txt', 'the first file'],
  ['b.txt', 'the second file']
] as const

describe('files and preview are there', () => {
  it('after a pause while nobody was there', async () => {
    await using bob = await launchBrowser()
    const link = await share(...both)
    await alice.page.goto('about:blank')
    await openLink(bob.page, link)
    await untilState(bob.page, 'waiting')
    await press(bob.page, 'Pause')
    await untilState(bob.page, 'paused')
    await press(bob.page, 'Resume')
    await untilState(bob.page, 'waiting')
    await alice.page.goto(`${quire.url}/`)
    await showsBoth(bob.page)
  })

  it('after there was no room, and room was made', async () => {
    await using bob = await launchBrowser()
    const link = await share(...both)
    await bob.page.goto(`${quire.url}/`)
    const session = await bob.context.newCDPSession(bob.page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: quire.url, quotaSize: 1_000 })
    await bob.page.goto(link)
    await bob.page.getByText('There is no room for this').first().waitFor()
    await session.send('Storage.overrideQuotaForOrigin', { origin: quire.url })
    await press(bob.page, 'Try again')
    await showsBoth(bob.page)
  })

  it('when a picture was paused half way, and is shown once it is here', async () => {
    await using bob = await launchBrowser()
    // A service worker is there before the link is opened, so that the picture is asked for at once.
    await bob.page.goto(`${quire.url}/`)
    await byId(bob.page, 'offline-ready').waitFor({ state: 'attached' })
    await openLink(bob.page, await share(['picture.bmp', bitmap(1_500)]))
    const picture = bob.page.getByRole('img', { name: 'picture.bmp' })
    await picture.waitFor({ state: 'attached' })
    await untilPercent(bob.page, 5)
    await press(bob.page, 'Pause')
    await untilState(bob.page, 'paused')
    expect(await bob.page.getByText('This browser cannot show it').count()).toBe(0)
    await press(bob.page, 'Resume')
    await untilState(bob.page, 'complete')
    const height = () => picture.evaluate((image: HTMLImageElement) => (image.complete ? image.naturalHeight : 0))
    await expect.poll(height, soon).toBe(1_500)
  })
})

describe('a page that does not load at once', () => {
  it('shows the preview also when its service worker comes late', async () => {
    await using bob = await launchBrowser()
    const link = await share(['picture.bmp', bitmap(10)])
    const late = Promise.withResolvers<void>()
    await bob.context.route('**/sw.js', async (route) => {
      await late.promise
      await route.continue()
    })
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete')
    await bob.page.getByText('No preview yet').waitFor()
    late.resolve()
    await bob.page.getByRole('img', { name: 'picture.bmp' }).waitFor()
  })

  it('says that a part is missing when the engine did not load, and begins anew', async () => {
    await using bob = await launchBrowser()
    const link = await share(['a.txt', 'the first file'])
    await bob.context.route('**/assets/worker-*.js', (route) => route.abort())
    await openLink(bob.page, link)
    await bob.page.getByRole('heading', { name: 'A part of this page did not load' }).waitFor()
    await bob.context.unroute('**/assets/worker-*.js')
    await press(bob.page, 'Reload')
    await untilState(bob.page, 'complete')
  })
})
