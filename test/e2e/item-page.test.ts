import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ItemView } from '../../src/engine/types.ts'
import { openFakePage, type FakePage } from '../support/fake-page.ts'
import type { FakeQuire } from '../support/fake-quire.ts'
import { byId } from '../support/person.ts'

/** The engine of the page: one that only looks like it. */
declare const fakeQuire: FakeQuire

/** How long the page may take on a busy machine. */
const soon = { timeout: 30_000 }
/** A page of its own: what is put into it stays. */
const underWorker = { locale: 'en-GB' }

let pages: FakePage
beforeAll(async () => {
  pages = await openFakePage()
})
afterAll(() => pages.close())

const peer = (n: number, kind: string, pigment: number) => ({
  peerId: `12D3KooWFake${n}`,
  pigment,
  kind,
  role: 'tab',
  complete: true,
  receivedBytesPerSecond: 0,
  sentBytesPerSecond: 0
})

/** Tells the page that an item is otherwise now. */
const change = (page: Page, id: string, over: object): Promise<void> =>
  page.evaluate(
    ([id, over]) => fakeQuire.items().forEach((item) => item.id === id && fakeQuire.item(item.id)!.change(over)),
    [id, over as Partial<ItemView>] as const
  )

describe('in a window that keeps nothing', () => {
  it('closing is not called harmless', async () => {
    const page = await pages.open('scene=private', '#/i/tiles')
    await page.getByText('1,047 of 1,472 are here. Leave this open: a private window keeps nothing.').waitFor()
    const paused = await pages.open('scene=private', '#/i/zine')
    await paused.getByText('If you close this tab: Starts over · A private window keeps nothing').waitFor()
  })
})

describe('how it came', () => {
  it('is by those who brought it, and stays said so when others come who fetch from here', async () => {
    const page = await pages.open('scene=full', '#/i/harbour')
    await byId(page, 'progress').waitFor()
    await change(page, 'harbour', { peers: [peer(1, 'relayed', 1), peer(2, 'direct', 0)] })
    await change(page, 'harbour', { state: 'complete', doneBlocks: 3072, doneBytes: 201_326_592 })
    await page.getByText('Came through a relay.').waitFor()
    await change(page, 'harbour', { peers: [peer(1, 'direct', 1), peer(2, 'direct', 0)] })
    await page.locator('[data-testid="connection-kind"]:text-is("direct")').waitFor({ state: 'attached' })
    expect(await page.getByText('Came through a relay.').count()).toBe(1)
  })

  it('is not known of what came in an earlier visit', async () => {
    const page = await pages.open('scene=full', '#/i/budget')
    await page.getByText('Came straight from its holders.').waitFor()
    const again = await pages.open('scene=full', '#/i/tiles')
    await byId(again, 'progress').waitFor()
    await change(again, 'tiles', { peers: [peer(2, 'direct', 0)], state: 'complete', doneBlocks: 1472 })
    await again.locator('[data-testid="connection-kind"]:text-is("direct")').waitFor({ state: 'attached' })
    expect(await again.getByText(/^Came /).count()).toBe(0)
  })
})

describe('a preview', () => {
  it('says that it is not ready before there is a service worker, and comes with it, from the folder of the page', async () => {
    const page = await pages.open('scene=full', '#/', underWorker)
    await page.clock.install()
    await page.route('**/stream/**', () => {})
    await pages.open('scene=odd', '#/i/liar', underWorker)
    await page.getByText('The preview starts as soon as its blocks are here.').waitFor()
    await page.clock.fastForward(7_000)
    await page.getByText('No preview yet').waitFor()
    await page.evaluate(() => {
      Object.defineProperty(navigator.serviceWorker, 'controller', { value: {} })
      navigator.serviceWorker.dispatchEvent(new Event('controllerchange'))
    })
    const url = await page.getByRole('img', { name: 'photo.png' }).getAttribute('src')
    expect(new URL(url!).pathname).toBe('/test/ui/stream/liar/0/photo.png')
  })

  it('that broke off with a pause says so, and is tried again when it goes on', async () => {
    const page = await pages.open('scene=full', '#/', underWorker)
    await page.addInitScript(() => Object.defineProperty(navigator.serviceWorker, 'controller', { value: {} }))
    let asked = 0
    await page.unroute('**/stream/**')
    await page.route('**/stream/**', (route) => (++asked > 1 ? undefined : route.abort()))
    await pages.open('scene=odd', '#/i/liar', underWorker)
    const preview = page.getByRole('region', { name: 'Preview' })
    await preview.getByText('This browser cannot show it').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await preview.getByText('Paused').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await preview.getByRole('img', { name: 'photo.png' }).waitFor({ state: 'attached' })
    await expect.poll(() => asked, soon).toBe(2)
  })

  it('plays and pauses with the space bar, and another file does not start by itself', async () => {
    const page = await pages.open('scene=full', '#/', underWorker)
    await page.addInitScript(() => {
      const played: string[] = []
      HTMLMediaElement.prototype.play = function () {
        played.push(this.tagName)
        return Promise.resolve()
      }
      Object.assign(globalThis, { played })
    })
    await pages.open('scene=private', '#/i/sounds', underWorker)
    const played = () => page.evaluate(() => (globalThis as unknown as { played: string[] }).played)
    await page.locator('audio').waitFor()
    await page.keyboard.press('Space')
    expect(await played()).toEqual(['AUDIO'])
    await page.getByRole('button', { name: /b film\.mp4/ }).click()
    await page.locator('video').waitFor()
    expect(await played()).toEqual(['AUDIO'])
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('Space')
    expect(await played()).toEqual(['AUDIO', 'VIDEO'])
  })
})

describe('words', () => {
  it('say what the browser has, and what is on the disk', async () => {
    const page = await pages.open('scene=full', '#/i/lisbon')
    await byId(page, 'save').click()
    await page.getByText('Handed to the browser: see its downloads.').waitFor()
    await page.getByRole('button', { name: 'More for Lisbon in March' }).click()
    await page.getByRole('menuitem', { name: 'Save into a folder…' }).click()
    await page.getByText('Saved to disk.').waitFor()
  })

  it('of what failed say what to do', async () => {
    const page = await pages.open('scene=full', '#/i/harbour')
    await byId(page, 'progress').waitFor()
    await page.evaluate(() => {
      for (const { id } of fakeQuire.items()) fakeQuire.item(id)!.pause = () => Promise.reject(new Error('a lost disk'))
    })
    await page.getByRole('button', { name: 'Pause' }).click()
    await page
      .getByText('Something went wrong here. What is stored is safe. Try again, or reload the page.', { exact: true })
      .waitFor()
  })

  it('say that what another program shared could not be kept', async () => {
    const page = await pages.open('scene=full', '#/not-received')
    await page.getByText('What was shared with Quire did not arrive. Choose it here.').waitFor()
    expect(new URL(page.url()).hash).toBe('#/')
  })
})
