import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { temporaryFolder } from '../support/files.ts'
import { byId, openLink, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
/** With nothing in its library, so that it has no reason of its own to ask the network for anything. */
let newcomer: TestBrowser
let link: string

beforeAll(async () => {
  ;[place, quire, alice, newcomer] = await Promise.all([
    temporaryFolder('bad'),
    startQuire(),
    launchBrowser(),
    launchBrowser()
  ])
  const path = join(place.path, 'good.bin')
  await writeFile(path, seededBytes(3, 300_000))
  link = await shareFiles(alice.page, quire.url, [path])
})

afterAll(async () => {
  await Promise.all([alice.close(), newcomer.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

const swapped = (text: string, at: number): string =>
  text.slice(0, at) + (text[at] === 'b' ? 'c' : 'b') + text.slice(at + 1)

describe('a link that is wrong is told so before anything is asked of the network', () => {
  it.each<[string, (good: string) => string, string]>([
    ['a mistyped address', (good) => swapped(good, good.indexOf('zDv') + 20), 'This key does not open the file'],
    [
      'an address with an impossible character',
      (good) => good.replace('zDvZRwz', 'zDvZRw0'),
      'in this link is damaged'
    ],
    ['a wrong key', (good) => swapped(good, good.indexOf('?k=') + 6), 'This key does not open the file'],
    ['a cut key', (good) => good.slice(0, -4), 'The end of this link is missing'],
    ['a cut address', (good) => good.slice(0, good.indexOf('zDv') + 20), 'The end of this link is missing'],
    ['a newer version', (good) => good.replace('/s/', '/s2/'), 'This link is of a newer Quire']
  ])('%s', async (_what, wrong, words) => {
    const page = await newcomer.context.newPage()
    const sockets: string[] = []
    page.on('websocket', (socket) => sockets.push(socket.url()))
    await openLink(page, wrong(link))
    await untilState(page, 'error')
    await page.getByRole('heading', { name: words }).waitFor()
    expect(sockets).toEqual([])
    await page.close()
  })
})

describe('what cannot be shared', () => {
  it('an empty file', async () => {
    const path = join(place.path, 'empty.txt')
    await writeFile(path, '')
    await alice.page.goto(`${quire.url}/#/`)
    await byId(alice.page, 'file-input').setInputFiles([path])
    await untilState(alice.page, 'error')
    await alice.page.getByText('This file is empty').first().waitFor()
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['changes', (path) => writeFile(path, 'something else')],
    ['is removed', (path) => rm(path)]
  ])('a file that %s while it is read', async (how, spoil) => {
    const path = join(place.path, `${how}.bin`)
    await writeFile(path, seededBytes(5, 80_000_000))
    await alice.page.goto(`${quire.url}/#/`)
    await byId(alice.page, 'file-input').setInputFiles([path])
    await untilState(alice.page, 'adding')
    await spoil(path)
    await untilState(alice.page, 'error')
    await alice.page.getByText('A file changed while it was read').first().waitFor()
    await alice.page.getByText(`“${how}.bin” was changed, moved or removed. Choose it again.`).first().waitFor()
  })
})

describe('where the browser lacks something', () => {
  it('without IndexedDB the page says that nothing is kept, and fetches all the same', async () => {
    await using bob = await launchBrowser()
    await bob.context.route('**/assets/worker-*.js', async (route) => {
      const answer = await route.fetch()
      const body = `Object.defineProperty(globalThis,'indexedDB',{value:undefined});${await answer.text()}`
      await route.fulfill({ response: answer, body })
    })
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete')
    await bob.page.getByText('Nothing is kept after this window closes.').waitFor()
  })

  it('without WebRTC the page says so, and fetches through the relay', async () => {
    await using bob = await launchBrowser()
    await bob.context.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'))
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete')
    expect(await byId(bob.page, 'connection-kind').textContent()).toBe('relayed')
    await bob.page.getByText('This browser makes no direct connections.').waitFor()
  })

  it('without room the page says how much is missing, before any transfer', async () => {
    await using bob = await launchBrowser()
    await bob.page.goto(`${quire.url}/`)
    const session = await bob.context.newCDPSession(bob.page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: quire.url, quotaSize: 200_000 })
    await bob.page.goto(link)
    await untilState(bob.page, 'error')
    await bob.page.getByText('There is no room for this').first().waitFor()
    expect(await byId(bob.page, 'progress').getAttribute('aria-valuenow')).toBe('0')
  })
})
