import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockBytes } from '../../src/core/limits.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, sha256OfFile, temporaryFolder } from '../support/files.ts'
import {
  byId,
  openLink,
  save,
  savedSha256,
  shareFiles,
  untilDirect,
  untilPercent,
  untilState
} from '../support/person.ts'
import { type Quire, runProgram, startProgram, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { openSharer, type ReadBlocks, slowly } from '../support/sharer.ts'
import { recordVideo } from '../support/video.ts'
import { within } from '../support/waiting.ts'
import { zipEntries } from '../support/zip-entries.ts'

/** Right blocks but for one. */
const lyingOnce =
  (honestly: ReadBlocks): ReadBlocks =>
  async (set, range) => {
    const blocks = await honestly(set, range)
    const wrong = blocks[20 - range.start]
    if (wrong) wrong[0] = ~wrong[0]!
    return blocks
  }

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let bob: TestBrowser

beforeAll(async () => {
  ;[place, quire, bob] = await Promise.all([temporaryFolder('programs'), startQuire(), launchBrowser()])
})

afterAll(async () => {
  await bob.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

/** A file of the test's own. */
async function fileWith(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(place.path, name)
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, bytes)
  return path
}

describe('the command line and a tab', () => {
  it('a tab fetches, directly, the folder that quire share shares', async () => {
    const inner = seededBytes(31, 2_000_001)
    await fileWith('Fotos – 你好/inner/large.bin', inner)
    await fileWith('Fotos – 你好/Grüße 🌍.txt', Buffer.from('Hello'))
    const folder = join(place.path, 'Fotos – 你好')
    await using program = startProgram('relay/cli.ts', ['share', folder, '--relay', quire.url])
    await openLink(bob.page, await within(30_000, 'a link is printed', program.line()))
    await untilState(bob.page, 'complete')
    await untilDirect(bob.page)
    const archive = await readFile(await (await save(bob.page)).path())
    const entries = [
      ['Fotos – 你好/Grüße 🌍.txt', sha256Of(Buffer.from('Hello'))],
      ['Fotos – 你好/inner/large.bin', sha256Of(inner)]
    ] as const
    expect(zipEntries(archive)).toEqual(new Map(entries))
  })

  it('quire get fetches what a tab shares', async () => {
    const path = await fileWith('from a tab.bin', seededBytes(32, 3_000_001))
    const link = await shareFiles(bob.page, quire.url, [path])
    const out = join(place.path, 'out')
    const { code, lines, said } = await runProgram('relay/cli.ts', ['get', link, '-o', out, '--relay', quire.url])
    expect({ code, lines, said }).toMatchObject({ code: 0, lines: [join(out, 'from a tab.bin')] })
    expect(await sha256OfFile(join(out, 'from a tab.bin'))).toBe(await sha256OfFile(path))
  })
})

describe('a video', () => {
  it('plays while the rest is still being fetched, though it comes last in the share', async () => {
    const video = await recordVideo(bob.page)
    await fileWith('evening/a first.bin', seededBytes(33, 24_000_000))
    await fileWith('evening/z film.webm', video)
    await using sharer = await openSharer({ relay: quire.url, readBlocks: slowly(2_000_000) })
    await openLink(bob.page, await sharer.share([join(place.path, 'evening')]))
    await bob.page.getByRole('button', { name: 'z film.webm' }).click()
    const player = bob.page.locator('video')
    await player.evaluate(async (element: HTMLVideoElement) => {
      element.muted = true // browsers start no sound by themselves
      await element.play()
      await new Promise<void>((resolve) => {
        element.addEventListener('timeupdate', () => element.currentTime > 0.5 && resolve())
      })
    })
    expect(await byId(bob.page, 'item-state').textContent()).toBe('fetching')
    expect(Number(await byId(bob.page, 'progress').getAttribute('aria-valuenow'))).toBeLessThan(90)
  })
})

describe('a peer that lies', () => {
  it('is dropped with its block, which comes from another; the page says so', async () => {
    const content = seededBytes(34, 40 * blockBytes)
    const path = await fileWith('true.bin', content)
    await using liar = await openSharer({ relay: quire.url, readBlocks: lyingOnce })
    const link = await liar.share([path], { plain: true })
    await openLink(bob.page, link)
    await bob.page.getByText('One block failed its check').first().waitFor()
    await bob.page.getByText('the peer that sent it dropped').first().waitFor()
    await untilState(bob.page, 'waiting')
    // What was right is kept, and nothing of the lie.
    expect(await untilPercent(bob.page, 1)).toBeLessThan(100)
    await using honest = await openSharer({ relay: quire.url })
    expect(await honest.share([path], { plain: true })).toBe(link)
    await untilState(bob.page, 'complete')
    expect(await savedSha256(bob.page)).toBe(sha256Of(content))
  })
})
