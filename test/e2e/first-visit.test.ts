import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { budgets } from '../check/weights.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { temporaryFolder } from '../support/files.ts'
import { momentWhen, openLink, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let link: string

beforeAll(async () => {
  ;[place, quire, alice] = await Promise.all([temporaryFolder('first-visit'), startQuire(), launchBrowser()])
  const path = join(place.path, 'first.bin')
  await writeFile(path, seededBytes(31, 100_000))
  link = await shareFiles(alice.page, quire.url, [path])
})

afterAll(async () => {
  await alice.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

it('[NW46] a line that fails while the network’s part is loaded costs a moment, and is told', async () => {
  await using bob = await launchBrowser({ noServiceWorkers: true })
  // The part that has libp2p in it is the largest by far, so that it is the one whose loading is cut.
  let isCut = true
  await bob.context.route(/\/assets\/.*\.js$/, async (route) => {
    const response = await route.fetch()
    const isNetwork = (await response.text()).includes('/libp2p/circuit/relay/0.2.0/hop')
    await (isCut && isNetwork ? route.abort('internetdisconnected') : route.fulfill({ response }))
  })
  await bob.page.goto(link)
  await momentWhen(bob.page, () => document.body.textContent?.includes('No relay') ?? false)
  isCut = false
  await untilState(bob.page, 'complete', 60_000)
})

it('whoever opens a link loads no more than the budget of the page', async () => {
  await using bob = await launchBrowser({ noServiceWorkers: true })
  const sizes: Promise<number>[] = []
  bob.page.on('requestfinished', (request) => {
    if (request.url().startsWith('http')) sizes.push(request.sizes().then((all) => all.responseBodySize))
  })
  await bob.page.goto(link)
  await untilState(bob.page, 'complete', 60_000)
  const loadedBytes = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0)
  expect(loadedBytes).toBeGreaterThan(100 * 1024)
  expect(loadedBytes).toBeLessThanOrEqual(budgets.at(-1)!.bytesMax)
})

it.each<[string, (page: Page) => Promise<unknown>]>([
  [
    'drags files over the page',
    (page) => page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true })))
  ],
  ['chooses files', (page) => page.getByRole('button', { name: 'Choose' }).first().click()]
])('whoever %s is connected before there is a link', async (_what, begins) => {
  await using bob = await launchBrowser()
  await bob.page.goto(quire.url)
  const connected = bob.page.waitForEvent('websocket')
  await begins(bob.page)
  await connected
})

it('a browser is asked not to clear what is kept, once something is', async () => {
  await using bob = await launchBrowser()
  await bob.page.addInitScript(() => {
    const { persist } = StorageManager.prototype
    StorageManager.prototype.persist = function () {
      document.documentElement.dataset.asksToKeep = 'yes'
      return persist.call(this)
    }
  })
  const asks = () => bob.page.evaluate(() => document.documentElement.dataset.asksToKeep)
  await bob.page.goto(quire.url)
  await momentWhen(bob.page, () => document.body.textContent?.includes('Ready') ?? false)
  expect(await asks()).toBeUndefined()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete', 60_000)
  expect(await asks()).toBe('yes')
})
