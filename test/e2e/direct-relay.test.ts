import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listen } from '../../relay/listen.ts'
import { pageHandler } from '../../relay/pages.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { selfSigned } from '../support/certificates.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let site: Server
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  const args = ['--ignore-certificate-errors'] // as if somebody had vouched for the site's
  ;[place, quire, alice, bob] = await Promise.all([
    temporaryFolder('direct-relay'),
    startQuire({ env: { QUIRE_WEBRTC_PORT: 'auto' } }),
    launchBrowser({ args }),
    launchBrowser({ args })
  ])
  const config = { version: 1, relays: quire.direct }
  site = createServer(selfSigned(3), pageHandler(dist, new Map([['/config.json', () => config]])))
  await listen(site, { host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  site.closeAllConnections()
  site.close()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

it('[NW37] tabs of a page over https meet at a relay that has neither domain nor certificate, and connect directly', async () => {
  const origin = `https://localhost:${(site.address() as AddressInfo).port}`
  const content = seededBytes(84, 5_000_000)
  const path = join(place.path, 'direct.bin')
  await writeFile(path, content)
  const asked: string[] = []
  for (const { context } of [alice, bob]) context.on('request', (request) => asked.push(request.url()))
  const link = await shareFiles(alice.page, origin, [path])
  expect(link.startsWith(origin)).toBe(true)
  await openLink(bob.page, link)
  await untilState(bob.page, 'complete', 60_000)
  expect(await byId(bob.page, 'connection-kind').textContent()).toBe('direct')
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
  expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('blob:'))).toEqual([])
}, 120_000)
