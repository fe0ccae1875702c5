import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connection } from '@libp2p/interface'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { cut } from '../../src/network/libp2p/cut.ts'
import { createNodeNetwork } from '../../src/network/libp2p/node.ts'
import { openRecord } from '../../src/network/libp2p/records.ts'
import type { Network, RelayStatus } from '../../src/network/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
const open: Network[] = []

beforeAll(async () => {
  folder = await temporaryFolder('relays')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: folder.path, json: false }, folder.path)
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((network) => network.stop()))
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

async function makeNetwork({ relays }: { relays: readonly string[] }): Promise<Network> {
  const network = await createNodeNetwork({ relays, webrtc: false })
  open.push(network)
  return network
}

const whenRelays = (network: Network, what: string, are: (relays: readonly RelayStatus[]) => boolean): Promise<void> =>
  within(
    15_000,
    what,
    new Promise((resolve) => {
      network.onStatus = ({ relays }) => are(relays) && resolve()
      network.onStatus(network.status())
    })
  )

async function reserved(options: { relays: readonly string[] }): Promise<Network> {
  const network = await makeNetwork(options)
  await network.start()
  await whenRelays(network, 'reserved', (relays) => relays.every(({ state }) => state === 'reserved'))
  return network
}

it('[NW30] [NW31] a relay that is about to stop is named no longer, and lanes through it go on until it closes them', async () => {
  await using place = await temporaryFolder('leaving')
  const leaving = await startRelay({ port: 0, host: '127.0.0.1', dataDir: place.path, json: false }, place.path)
  const [near, far] = [`http://127.0.0.1:${leaving.port}`, `http://127.0.0.1:${relay.port}`]
  const [a, b] = await Promise.all([reserved({ relays: [near, far] }), reserved({ relays: [near] })])
  const came = new Promise<void>((resolve) => (b.onLane = (lane) => (lane.onChunk = () => resolve())))
  const lane = await a.connect((await b.selfRecord())!, { signal: AbortSignal.timeout(10_000) })
  const named = async () => (await openRecord((await a.selfRecord())!)).addresses.map(String).join()
  expect(await named()).toContain(`/tcp/${leaving.port}/`)
  const told = new Promise<void>((resolve) => (a.onSelfRecord = resolve))
  const drained = leaving.drain(60_000)
  await within(5_000, 'a new record', told)
  expect(await named()).not.toContain(`/tcp/${leaving.port}/`)
  expect(await named()).toContain(`/tcp/${relay.port}/`)
  lane.send(Uint8Array.of(1, 2, 3))
  await within(5_000, 'the lane goes on', came)
  await b.stop()
  await drained
  await leaving.stop()
  await whenRelays(a, 'its loss is noticed', (relays) => relays.some(({ state }) => state === 'unreachable'))
  expect(a.status().relays.find(({ url }) => url === near)).toMatchObject({ state: 'unreachable' })
})

it('[NW32] a relay is found by way of a plain web server that names it, and nobody is led on from there', async () => {
  const asked: string[] = []
  const named = new Map<string, string[]>()
  const server = createServer(({ headers, url }, response) => {
    asked.push(`${headers.host}${url}`)
    response.end(JSON.stringify({ version: 1, relays: named.get(headers.host!) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [near, far] = [`http://127.0.0.1:${relay.port}`, `http://localhost:${port}`]
  named.set(`127.0.0.1:${port}`, [near, far, 'ftp://nowhere.example', 'nonsense'])
  named.set(`localhost:${port}`, ['http://further.example'])
  const a = await makeNetwork({ relays: [`http://127.0.0.1:${port}`] })
  await a.start()
  await whenRelays(
    a,
    'both were tried',
    (relays) => relays.length === 2 && relays.every(({ state }) => state !== 'connecting')
  )
  expect(a.status().relays).toMatchObject([
    { url: near, state: 'reserved' },
    { url: far, state: 'unreachable' }
  ])
  expect(asked.slice(0, 2)).toEqual([`127.0.0.1:${port}/config.json`, `localhost:${port}/config.json`])
  await a.stop()
  server.closeAllConnections()
  server.close()
})

it('[NW33] a connection that its other side ended sooner is cut without a word', () => {
  const closed = { abort: () => expect.fail('Cannot write to a stream that is closed') } as unknown as Connection
  expect(() => cut(closed, new Error('it does not answer'))).not.toThrow()
})
