import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

/** Promised are 2 s and 5 s; a machine that runs three browsers on two cores has twice that. */
const beginsMs = 4_000
const backSoonMs = 10_000

const content = seededBytes(21, 400_000)

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let bob: TestBrowser
let link: string

beforeAll(async () => {
  place = await temporaryFolder('offline')
  ;[quire, alice, bob] = await Promise.all([
    startQuire({ dataDir: join(place.path, 'relay') }),
    launchBrowser(),
    launchBrowser()
  ])
  const path = join(place.path, 'notes.bin')
  await writeFile(path, content)
  link = await shareFiles(alice.page, quire.url, [path])
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

it('with every holder offline it says so at once, and fetches by itself when a holder returns', async () => {
  await alice.page.goto('about:blank')
  await openLink(bob.page, link)
  await untilState(bob.page, 'waiting', 5_000)
  await bob.page.getByText('No one online has this yet').waitFor()
  // Both have met the relay before the holder counts as online.
  await alice.page.goto(`${quire.url}/`)
  await alice.page.getByText('Ready, 1 relay').first().waitFor({ state: 'attached' })
  await untilState(bob.page, 'complete', beginsMs)
})

it('a relay that is killed and comes back is found again, and sharing goes on', async () => {
  // The shell is fetched from the relay that is about to go.
  await byId(bob.page, 'offline-ready').waitFor({ state: 'attached' })
  await quire.program.kill()
  await alice.page.getByText('No relay is answering').first().waitFor()
  quire = await startQuire({ dataDir: quire.dataDir, port: quire.port })
  await alice.page.getByText('No relay is answering').first().waitFor({ state: 'hidden', timeout: backSoonMs })
  await using carol = await launchBrowser()
  await openLink(carol.page, link)
  await untilState(carol.page, 'complete')
})

it('with no relay at all the page opens from the service worker, shows the library and saves what it has', async () => {
  await quire.program.kill()
  await bob.page.goto('about:blank')
  await bob.page.goto(`${quire.url}/`)
  await bob.page.getByRole('link', { name: 'notes.bin', exact: true }).click()
  await untilState(bob.page, 'complete')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
  quire = await startQuire({ dataDir: quire.dataDir, port: quire.port })
})
