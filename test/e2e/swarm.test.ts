import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { lying, openSharer, silent } from '../support/sharer.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let browsers: TestBrowser[]

beforeAll(async () => {
  ;[place, quire, ...browsers] = await Promise.all([
    temporaryFolder('swarm'),
    startQuire(),
    launchBrowser(),
    launchBrowser(),
    launchBrowser()
  ])
})

afterAll(async () => {
  await Promise.all(browsers.map((browser) => browser.close()))
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

describe('a swarm of six', () => {
  it('[EX13] [SW5] [SW14] two that lie and one that is silent harm nobody: all comes, right, from the honest', async () => {
    const [alice, carol, bob] = browsers.map(({ page }) => page) as [
      TestBrowser['page'],
      TestBrowser['page'],
      TestBrowser['page']
    ]
    const content = seededBytes(61, 16_000_000)
    const path = join(place.path, 'film.bin')
    await writeFile(path, content)
    const link = await shareFiles(alice, quire.url, [path])
    await using liar = await openSharer({ relay: quire.url, readBlocks: lying })
    await using other = await openSharer({ relay: quire.url, readBlocks: lying })
    await using mute = await openSharer({ relay: quire.url, readBlocks: silent })
    await Promise.all([liar, other, mute].map((sharer) => sharer.fetch(link)))
    await openLink(carol, link)
    await untilState(carol, 'complete', 60_000)
    await openLink(bob, link)
    const told = bob.getByText('One block failed its check')
    await Promise.all([told.first().waitFor({ timeout: 180_000 }), untilState(bob, 'complete', 60_000)])
    expect(await savedSha256(bob)).toBe(sha256Of(content))
    // Two people, the relay's keeper, two that lie and one that is silent, without those found out.
    const rest = 6 - (await told.count())
    await expect.poll(async () => Number(await byId(bob, 'peer-count').textContent())).toBeLessThanOrEqual(rest)
  })
})
