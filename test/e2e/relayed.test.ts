import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, openLink, savedSha256, shareFiles, untilPercent, untilState } from '../support/person.ts'
import { type OwnNetwork, ownNetwork } from '../support/own-network.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'

const circuitBytes = 8_000_000
/** More than one circuit may carry, and so much beyond that the rest lasts longer by the relay than tries do. */
const content = seededBytes(41, 30_000_000)
const bytesPerSecond = 3_000_000
const beyondCircuit = Math.ceil((circuitBytes * 100) / content.length) + 5
/** Peers on one machine find each other by the addresses themselves, where no names are passed round. */
const args = ['--disable-features=WebRtcHideLocalIpsWithMdns']

let place: Awaited<ReturnType<typeof temporaryFolder>>
let quire: Quire
let network: OwnNetwork
let alice: TestBrowser
let bob: TestBrowser

beforeAll(async () => {
  const env = { QUIRE_CIRCUIT_BYTES: String(circuitBytes) }
  ;[place, quire, alice] = await Promise.all([temporaryFolder('relayed'), startQuire({ env }), launchBrowser({ args })])
  network = await ownNetwork(quire.port, bytesPerSecond)
  bob = await launchBrowser({ args, program: network.program })
})

afterAll(async () => {
  await Promise.all([alice.close(), bob.close()])
  await network[Symbol.asyncDispose]()
  await quire.stop()
  await place[Symbol.asyncDispose]()
})

it('where nothing gets through but the relay it carries the data, circuit after circuit, until there is a direct way', async () => {
  const path = join(place.path, 'film.bin')
  await writeFile(path, content)
  await openLink(bob.page, await shareFiles(alice.page, quire.url, [path]))
  await untilPercent(bob.page, beyondCircuit, 100_000)
  expect(await byId(bob.page, 'connection-kind').textContent()).toBe('relayed')
  await bob.page.getByText('Relay', { exact: true }).first().waitFor()
  network.setOpen(true)
  await bob.page.evaluate(() => dispatchEvent(new Event('online'))) // as the browser says when the network changed
  await bob.page
    .locator('[data-testid="connection-kind"]:text-is("direct")')
    .waitFor({ state: 'attached', timeout: 60_000 }) // tries that began before take their time to fail
  await untilState(bob.page, 'complete', 60_000)
  expect(await savedSha256(bob.page)).toBe(sha256Of(content))
})
