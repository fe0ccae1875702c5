import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import { byId, momentWhen, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

/** What is promised: a fetch begins by itself so soon after a holder appears, a tab is back so soon after its relay. */
const beginsMs = 2_000
const backMs = 5_000

const content = seededBytes(21, 400_000)

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let alice: TestBrowser
let bob: TestBrowser
/** Of files with the same content; a link that was fetched waits for nobody. */
const links: string[] = []

beforeAll(async () => {
  place = await temporaryFolder('offline')
  ;[quire, alice, bob] = await Promise.all([
    startQuire({ dataDir: join(place.path, 'relay') }),
    launchBrowser({ whole: true }),
    launchBrowser({ whole: true })
  ])
  for (const name of ['first.bin', 'second.bin', 'third.bin', 'notes.bin']) {
    const path = join(place.path, name)
    await writeFile(path, content)
    links.push(await shareFiles(alice.page, quire.url, [path]))
  }
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

const shows = (page: TestBrowser['page'], words: string) =>
  momentWhen(page, (text) => document.body.textContent?.includes(text) ?? false, words)
const isUnderWay = () =>
  ['fetching', 'complete'].includes(document.querySelector('[data-testid="item-state"]')?.textContent ?? '')

/** How long after its holder returned a fetch began, which is also before if the page learnt of itself later. */
async function waitMsFor(link: string): Promise<number> {
  await alice.page.goto('about:blank')
  await openLink(bob.page, link)
  await untilState(bob.page, 'waiting', 5_000)
  await bob.page.getByText('No one online has this yet').waitFor()
  const begun = momentWhen(bob.page, isUnderWay)
  await alice.page.goto(`${quire.url}/`)
  const here = await shows(alice.page, 'Ready, 1 relay')
  const waitMs = (await begun) - here
  await untilState(bob.page, 'complete')
  return waitMs
}

it('with every holder offline it says so at once, and fetches by itself within 2 s of a holder', async () => {
  // The processors have other work too: what is slow by itself is slow each time.
  const waitsMs: number[] = []
  for (const link of links.slice(0, 3)) {
    waitsMs.push(await waitMsFor(link))
    if (waitsMs.at(-1)! < beginsMs) break
  }
  expectWithin(beginsMs, 'beginning once a holder is there', Math.min(...waitsMs))
})

it('a relay that is killed is missed in words where one shares and where one receives; it is found again within 5 s', async () => {
  // The shell is fetched from the relay that is about to go.
  await byId(bob.page, 'offline-ready').waitFor({ state: 'attached' })
  await alice.page.getByRole('link', { name: 'Share notes.bin' }).click()
  await byId(alice.page, 'share-link').waitFor()
  await quire.program.kill()
  const sheet = alice.page.getByRole('dialog')
  await sheet.getByText('No relay is answering').waitFor()
  await sheet.getByText('Nobody can find you for now. Quire keeps trying by itself.').waitFor()
  await openLink(bob.page, links.at(-1)!)
  await untilState(bob.page, 'waiting')
  await bob.page.getByText('Nobody can find you, and you can find nobody, for now.').waitFor()
  // The pauses between tries have grown to their longest.
  await alice.page.getByText('Next try in 2 s').first().waitFor()
  const back = momentWhen(alice.page, () => !document.body.textContent?.includes('No relay is answering'))
  quire = await startQuire({ dataDir: quire.dataDir, port: quire.port })
  const answersAtMs = Date.now()
  expectWithin(backMs, 'finding the relay again', (await back) - answersAtMs)
  await untilState(bob.page, 'complete')
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
