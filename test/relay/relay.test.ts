import { once } from 'node:events'
import { connect } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isRecordOf } from '../../relay/record-check.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { announceTtlMs } from '../../src/core/limits.ts'
import { sealRecord } from '../../src/network/libp2p/records.ts'
import type { Network } from '../../src/network/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import { type TrackerTab, trackerTab } from '../support/tracker-tab.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
const lines: { event: string; figures: object }[] = []
const open: Network[] = []

beforeAll(async () => {
  folder = await temporaryFolder('relay')
  const config = { port: 0, host: '::', dataDir: folder.path, json: false }
  relay = await startRelay(config, folder.path, (event, figures = {}) => lines.push({ event, figures }))
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((network) => network.stop()))
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

const at = (host: string, path = '') => `http://${host}:${relay.port}${path}`

/** A tab at the relay, with its tracker lane. */
async function join(host = '127.0.0.1'): Promise<TrackerTab> {
  const tab = await trackerTab(at(host))
  open.push(tab.network)
  return tab
}

const swarmId = '5a'.repeat(32) as SwarmId
const announce = { type: 'announce', swarmId, role: 'tab', ttlMs: announceTtlMs } as const

it('stops once, however often it is told to', async () => {
  await using place = await temporaryFolder('relay')
  const one = await startRelay({ port: 0, host: '127.0.0.1', dataDir: place.path, json: false }, place.path)
  await Promise.all([one.stop(), one.stop()])
  await one.stop()
})

describe('the tracker of a relay', () => {
  it('tells who watches of a holder the moment it appears', async () => {
    const [watcher, holder] = await Promise.all([join(), join()])
    watcher.say({ type: 'record', record: watcher.record })
    watcher.say({ ...announce, holder: false, watch: true })
    expect(await watcher.next('peers')).toMatchObject({ peers: [] })
    const sentAtMs = performance.now()
    holder.say({ type: 'record', record: holder.record.slice() })
    holder.say({ ...announce, holder: true, watch: false })
    const told = await within(2_000, 'the holder is told of', watcher.next('peers'))
    const { peerId, record } = holder
    expect(told).toMatchObject({
      swarmId,
      peers: [{ peerId, role: 'tab', holder: true, record: Uint8Array.from(record) }]
    })
    expectWithin(500, 'telling of a holder', performance.now() - sentAtMs)
  })

  it('[TR2] closes the lane of a peer whose record another signed', async () => {
    const [thief, victim] = await Promise.all([join(), join()])
    const closed = new Promise<void>((resolve) => (thief.tracker.onClose = () => resolve()))
    thief.say({ type: 'record', record: victim.record })
    await within(5_000, 'the lane is closed', closed)
  })

  it('[TR2] takes only what this peer signed about itself', async () => {
    const [key, other] = await Promise.all([generateKeyPair('Ed25519'), generateKeyPair('Ed25519')])
    const idOf = (of: typeof key) => peerIdFromPrivateKey(of).toString() as PeerId
    const record = await sealRecord(key, [multiaddr('/ip4/127.0.0.1/tcp/1')])
    expect(isRecordOf(idOf(key), record)).toBe(true)
    expect(isRecordOf(idOf(other), record)).toBe(false)
    expect(isRecordOf(idOf(key), Uint8Array.of(1, 2, 3))).toBe(false)
    const damaged = record.slice()
    damaged[damaged.length - 1]! ^= 1
    expect(isRecordOf(idOf(key), damaged)).toBe(false)
  })
})

describe('a relay', () => {
  it.each(['127.0.0.1', '[::1]', 'localhost'])(
    'answers page, configuration and sockets at %s',
    async (host) => {
      const config = await (await fetch(at(host, '/config.json'))).json()
      expect(config).toEqual({ version: 1, peerId: relay.peerId, stunPort: relay.port })
      expect(await (await fetch(at(host, '/healthz'))).json()).toMatchObject({ ok: true })
      expect((await join(host)).tracker.peerId).toBe(relay.peerId)
    },
    20_000
  )

  it('keeps its peer id from one start to the next', async () => {
    const config = { port: 0, host: '127.0.0.1', dataDir: folder.path, json: false }
    const again = await startRelay(config, folder.path)
    expect(again.peerId).toBe(relay.peerId)
    await again.stop()
  })

  it('forgets a peer that left', async () => {
    const tabs = async () => ((await (await fetch(at('127.0.0.1', '/healthz'))).json()) as { tabs: number }).tabs
    const [leaver, stayer] = await Promise.all([join(), join()])
    const before = await tabs()
    await leaver.network.stop()
    const dial = stayer.network.connect(leaver.record, { signal: AbortSignal.timeout(10_000) })
    await expect(dial).rejects.toMatchObject({ code: 'peer-unreachable' })
    expect(await tabs()).toBe(before - 1)
  })

  it.each([
    ['no key', '\r\n'],
    ['no frames', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nnonsense']
  ])(
    'ends a socket with %s and lives on',
    async (_what, rest) => {
      const socket = connect(relay.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${rest}`)
      socket.resume()
      await within(10_000, 'the socket is closed', once(socket, 'close'))
      expect((await fetch(at('127.0.0.1', '/healthz'))).status).toBe(200)
    },
    15_000
  )

  it('logs what happens without saying to whom', () => {
    expect(lines[0]).toEqual({ event: 'started', figures: { stun: true, turn: false } })
  })
})
