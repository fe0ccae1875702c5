import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { blockBytes, segmentBlocks } from '../../src/core/limits.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { countReceived, receivedBytes } from '../support/data-channels.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import {
  momentWhen,
  openLink,
  savedSha256,
  shareFiles,
  untilDirect,
  untilPercent,
  untilState
} from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const content = seededBytes(11, 25_000_000)
/** Of what the page had shown, no more than a segment is asked for again. The rest are hashes and headers. */
const againBytes = segmentBlocks * blockBytes + 200_000
const resumesMs = 1_000

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

const isFetching = () => document.querySelector('[data-testid="item-state"]')?.textContent === 'fetching'

it('a receiver that reloads goes on within 1 s of reaching its relay, and gets at most one segment again', async () => {
  await using bob = await launchBrowser()
  await countReceived(bob.context)
  await openLink(bob.page, link)
  const waitsMs: number[] = []
  let before = 0
  // The processors have other work too: what is slow by itself is slow each time.
  for (const moment of [20, 40, 60]) {
    before = await untilPercent(bob.page, moment)
    const reached = bob.page.waitForEvent('websocket').then(() => Date.now())
    await bob.page.reload()
    const goesOn = momentWhen(bob.page, isFetching)
    expect(await untilPercent(bob.page, 1)).toBeGreaterThanOrEqual(before)
    waitsMs.push((await goesOn) - (await reached))
    if (waitsMs.at(-1)! < resumesMs) break
  }
  expectWithin(resumesMs, 'going on after a reload', Math.min(...waitsMs))
  await untilState(bob.page, 'complete', 60_000)
  const missingBytes = content.length * (1 - before / 100)
  expect(await receivedBytes(bob.page)).toBeLessThan(missingBytes + againBytes)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

const hasPercent = (percent: string) =>
  Number(document.querySelector('[data-testid="progress"]')?.getAttribute('aria-valuenow')) >= Number(percent)

it('[SW11] [NW43] a receiver whose page stood still goes on, when the other side has given the connection up and WebRTC here has not seen it', async () => {
  await using bob = await launchBrowser()
  await openLink(bob.page, link)
  await untilDirect(bob.page)
  const before = await untilPercent(bob.page, 20)
  bob.sleep()
  // Time: it takes 16 s to give up a connection, and 15 s to see that it was.
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  const wokeMs = Date.now()
  bob.wake()
  const goesOnMs = await momentWhen(bob.page, hasPercent, String(Math.min(100, before + 4)))
  expectWithin(resumesMs, 'going on after standing still', goesOnMs - wokeMs)
  await untilState(bob.page, 'complete', 60_000)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})

it('a sharer that reloads goes on sharing by itself', async () => {
  const path = join(place.path, 'note.bin')
  await writeFile(path, seededBytes(12, 1_000_000))
  const other = await shareFiles(alice.page, quire.url, [path])
  await alice.page.goto('about:blank')
  await alice.page.goto(`${quire.url}/`)
  await using bob = await launchBrowser()
  await openLink(bob.page, other)
  await untilState(bob.page, 'complete', 60_000)
})
