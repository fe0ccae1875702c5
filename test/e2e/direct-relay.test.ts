import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createPlainServer, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listen } from '../../relay/listen.ts'
import { pageHandler } from '../../relay/pages.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { selfSigned } from '../support/certificates.ts'
import { click, untilText } from '../support/engines/driven.ts'
import { launchFirefox } from '../support/engines/firefox.ts'
import { fileIn, removeFolder, sha256Of, temporaryFolder } from '../support/files.ts'
import { untilFigure } from '../support/figures.ts'
import { openLink, savedSha256, shareFiles, untilDirect, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'

/** Not that of the loopback, from which Firefox makes no WebRTC connection. */
const ownAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === 'IPv4' && !each.internal)!.address

const env = { QUIRE_HOST: '0.0.0.0', QUIRE_PUBLIC_HOST: ownAddress() }
const dist = fileURLToPath(new URL('../../dist', import.meta.url))
let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let site: Server
let plainSite: Server
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  const args = ['--ignore-certificate-errors'] // as if somebody had vouched for the site's
  ;[place, quire, alice, bob] = await Promise.all([
    temporaryFolder('direct-relay'),
    startQuire({ env: { ...env, QUIRE_WEBRTC_PORT: 'auto' } }),
    launchBrowser({ args }),
    launchBrowser({ args })
  ])
  const config = { version: 1, relays: quire.direct }
  const page = pageHandler(dist, new Map([['/config.json', () => config]]))
  ;[site, plainSite] = [createServer(selfSigned(3), page), createPlainServer(page)]
  for (const server of [site, plainSite]) await listen(server, { host: '127.0.0.1', port: 0 })
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  for (const server of [site, plainSite]) {
    server.closeAllConnections()
    server.close()
  }
  await quire.stop()
  await removeFolder(quire.dataDir)
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
  await untilDirect(bob.page)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
  expect(asked.filter((url) => !url.startsWith(origin) && !url.startsWith('blob:'))).toEqual([])
}, 120_000)

it('[NW37] Firefox meets at such a relay whom Chromium meets there', async () => {
  await using firefox = await launchFirefox()
  const content = seededBytes(85, 3_000_000)
  const path = join(place.path, 'firefox.bin')
  await writeFile(path, content)
  const link = await shareFiles(alice.page, `http://localhost:${(plainSite.address() as AddressInfo).port}`, [path])
  await firefox.open(link)
  await untilText(firefox, 'item-state', /^complete$/, 60_000)
  await click(firefox, 'save')
  expect(sha256Of(await readFile(await fileIn(firefox.downloadDir, content.length)))).toBe(sha256Of(content))
}, 120_000)

it('[RL22] [NW2] such a relay that was killed is at the same address again, and its tabs come back', async () => {
  const { port, dataDir, direct } = quire
  await quire.program.kill()
  const udpPort = /\/udp\/(\d+)\//.exec(direct[0]!)![1]!
  quire = await startQuire({ port, dataDir, env: { ...env, QUIRE_WEBRTC_PORT: udpPort } })
  expect(quire.direct).toEqual(direct)
  await within(30_000, 'both tabs are back', untilFigure(`http://127.0.0.1:${port}`, 'quire_reservations', 2))
}, 60_000)
