import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { openLink, save, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { zipEntries } from '../support/zip-entries.ts'

/** Files in one share: `MANY_FILES=10000` tries what a person may drop at most, which takes two minutes. */
const count = Number(process.env.MANY_FILES ?? 1_500)
/** Folders that they lie in. */
const folders = 100

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let bob: TestBrowser

const pathOf = (i: number) => `part ${i % folders}/page ${String(i).padStart(5, '0')}.txt`
const contentOf = (i: number) => `This is page ${i}.`

beforeAll(async () => {
  ;[place, quire, alice, bob] = await Promise.all([
    temporaryFolder('many'),
    startQuire(),
    launchBrowser(),
    launchBrowser()
  ])
  const folder = join(place.path, 'book')
  for (let at = 0; at < folders; at++) await mkdir(join(folder, `part ${at}`), { recursive: true })
  for (let i = 0; i < count; i++) await writeFile(join(folder, pathOf(i)), contentOf(i))
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

describe(`a share of ${count} files`, () => {
  it('is made of a folder, and fetched', async () => {
    const link = await shareFiles(alice.page, quire.url, [join(place.path, 'book')], 'folder-input')
    await openLink(bob.page, link)
    await untilState(bob.page, 'complete', 240_000)
  })

  it('is listed with few rows in the document, scrolls to its end, and finds a file by its name', async () => {
    const { page } = bob
    const list = page.getByRole('list', { name: 'Files' })
    const rows = list.getByRole('listitem')
    await rows.first().waitFor()
    expect(await rows.count()).toBeLessThan(50)
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await list.getByRole('button', { name: `book/${pathOf(count - 1)}` }).waitFor()
    await page.getByRole('searchbox', { name: 'Search files' }).fill('page 01321')
    await expect.poll(() => rows.count()).toBe(1)
    await rows.getByRole('button').click()
    await page.getByText(contentOf(1_321)).waitFor()
  })

  it('is saved whole, in one archive', async () => {
    const archive = await save(bob.page)
    const entries = zipEntries(await readFile(await archive.path()))
    expect(entries.size).toBe(count)
    for (const i of [0, 1_321, count - 1]) {
      expect(entries.get(`book/${pathOf(i)}`)).toBe(sha256Of(new TextEncoder().encode(contentOf(i))))
    }
  })
})
