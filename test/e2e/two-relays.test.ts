import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import { openLink, savedSha256, shareFiles, untilDirect, untilState } from '../support/person.ts'
import { msUntilFound, RelayPrograms } from '../support/relay-programs.ts'
import { seededBytes } from '../support/seeded.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>
let programs: RelayPrograms
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  ;[place, programs, alice, bob] = await Promise.all([
    temporaryFolder('two-relays'),
    RelayPrograms.start(2),
    launchBrowser(),
    launchBrowser()
  ])
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await programs[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
})

it('[RN1] [RN5] a tab at one relay finds a holder at another within 2 s, and fetches directly', async () => {
  const [first, second] = programs.relays
  const content = seededBytes(83, 5_000_000)
  const path = join(place.path, 'far.bin')
  await writeFile(path, content)
  const link = await shareFiles(alice.page, first!.url, [path])
  const elsewhere = link.replace(first!.url, second!.url)
  // Whoever has the link at the other relay's address is led to the first one by nothing else.
  expect(elsewhere).not.toContain(String(first!.port))
  const found = msUntilFound(second!)
  await openLink(bob.page, elsewhere)
  expectWithin(2_000, 'finding a holder at another relay', await found)
  await untilState(bob.page, 'complete', 60_000)
  await untilDirect(bob.page)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})
