import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { openLink, savedSha256, shareFiles, untilPercent, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const content = seededBytes(11, 60_000_000)
/** A segment is 4 MiB: of what the page had shown, no more is asked for again. */
const segmentPercent = Math.ceil((4 * 1024 * 1024 * 100) / content.length)

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let link: string

beforeAll(async () => {
  ;[place, quire, alice] = await Promise.all([temporaryFolder('resume'), startQuire(), launchBrowser()])
  const path = join(place.path, 'film.bin')
  await writeFile(path, content)
  link = await shareFiles(alice.page, quire.url, [path])
})

afterAll(async () => {
  await alice.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

it('a receiver that reloads in the middle goes on by itself and asks for at most one segment again', async () => {
  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  const before = await untilPercent(bob.page, 25)
  await bob.page.reload()
  expect(await untilPercent(bob.page, 1)).toBeGreaterThanOrEqual(before - segmentPercent)
  await untilState(bob.page, 'complete', 60_000)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

it('a sharer that reloads goes on sharing by itself', async () => {
  await alice.page.goto('about:blank')
  await alice.page.goto(`${quire.url}/`)
  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete', 60_000)
})
