import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, save, savedSha256, shareFiles, untilDirect, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { zipEntries } from '../support/zip-entries.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let bob: TestBrowser
/** Whom pages and workers asked, by HTTP or WebSocket. */
const asked = new Set<string>()

beforeAll(async () => {
  ;[place, quire, alice, bob] = await Promise.all([
    temporaryFolder('share'),
    startQuire(),
    launchBrowser({ whole: true }),
    launchBrowser({ whole: true })
  ])
  for (const { context, page } of [alice, bob]) {
    context.on('request', (request) => asked.add(new URL(request.url()).host))
    page.on('websocket', (socket) => asked.add(new URL(socket.url()).host))
  }
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

describe('share to fetch, from browser to browser', () => {
  it.each([
    [1, 'there'],
    [65_535, 'back'],
    [65_536, 'there'],
    [65_537, 'back'],
    [50_000_000, 'there'],
    [5_000_001, 'back']
  ])('a file of %i bytes is saved as it was shared and came direct (%s)', async (sizeBytes, way) => {
    const [from, to] = way === 'there' ? [alice.page, bob.page] : [bob.page, alice.page]
    const content = seededBytes(sizeBytes, sizeBytes)
    const path = join(place.path, `${sizeBytes} – Größe.bin`)
    await writeFile(path, content)
    const link = await shareFiles(from, quire.url, [path])
    await openLink(to, link)
    await untilState(to, 'complete', 60_000)
    expect(await byId(to, 'progress').getAttribute('aria-valuenow')).toBe('100')
    await untilDirect(to)
    expect(await savedSha256(to)).toBe(sha256Of(content))
  })

  it('states, counts and kinds are there for automation, and nothing is left in the page for scripts', async () => {
    const path = join(place.path, 'contract.bin')
    await writeFile(path, seededBytes(7, 1_000))
    const link = await shareFiles(alice.page, quire.url, [path])
    await untilState(alice.page, 'sharing')
    expect(await byId(alice.page, 'peer-count').textContent()).toBe('0')
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete')
    await bob.page.locator('[data-testid="peer-count"]:text-is("1")').waitFor({ state: 'attached' })
    await alice.page.locator('[data-testid="peer-count"]:text-is("1")').waitFor({ state: 'attached' })
    await bob.page.getByRole('button', { name: 'Pause', exact: true }).click()
    await untilState(bob.page, 'paused')
    await bob.page.getByRole('button', { name: 'Resume', exact: true }).click()
    await untilState(bob.page, 'complete')
    await byId(bob.page, 'offline-ready').waitFor({ state: 'attached' })
    const added = await bob.page.evaluate(() => {
      const frame = document.createElement('iframe')
      document.body.append(frame)
      const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow))
      frame.remove()
      return Object.getOwnPropertyNames(globalThis).filter((name) => !usual.has(name))
    })
    expect(added).toEqual(['__svelte']) // the version of Svelte, and no handle on anything
  })

  it('a folder of 200 files with Unicode names is saved whole, in one archive', async () => {
    const folder = join(place.path, 'Ordner – 文件夹 🌍')
    const contents = Array.from({ length: 200 }, (_, i) => seededBytes(i + 1, (i * 977) % 30_000))
    const pathOf = (i: number) => `${i % 3 === 0 ? 'внутри/' : ''}${i} Grüße 你好 🌍.bin`
    await mkdir(join(folder, 'внутри'), { recursive: true })
    await Promise.all(contents.map((content, i) => writeFile(join(folder, pathOf(i)), content)))

    const link = await shareFiles(alice.page, quire.url, [folder], 'folder-input')
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete')
    const archive = await save(bob.page)
    const expected = contents.map((content, i) => [`Ordner – 文件夹 🌍/${pathOf(i)}`, sha256Of(content)] as const)
    expect(zipEntries(await readFile(await archive.path()))).toEqual(new Map(expected))
  })

  it('nobody but the host of the page was asked for anything', () => {
    expect([...asked].filter((host) => host !== new URL(quire.url).host && host !== '')).toEqual([])
  })
})
