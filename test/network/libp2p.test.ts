import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { idleAnswerMs, laneMessageBytes, recordBytesMax, spareConnectionMs } from '../../src/core/limits.ts'
import { createNodeNetwork, type NodeNetworkOptions } from '../../src/network/libp2p/node.ts'
import { openRecord, sealRecord } from '../../src/network/libp2p/records.ts'
import { trackerProtocol } from '../../src/network/libp2p/relays.ts'
import type { ConnectionKind, Lane, Network } from '../../src/network/types.ts'
import { startCircuits } from '../../relay/circuits.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { deadEndWire } from '../support/dead-end-wire.ts'
import { temporaryFolder } from '../support/files.ts'
import { expectWithin } from '../support/goal.ts'
import { seededBytes } from '../support/seeded.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
const open: Network[] = []

const start = (port = 0) => startRelay({ port, host: '127.0.0.1', dataDir: folder.path, json: false }, folder.path)

beforeAll(async () => {
  folder = await temporaryFolder('network')
  relay = await start()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((network) => network.stop()))
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

async function makeNetwork(options: Partial<NodeNetworkOptions> = {}) {
  const network = await createNodeNetwork({ relays: [`http://127.0.0.1:${relay.port}`], webrtc: false, ...options })
  open.push(network)
  return network
}

const whenReserved = (network: Network, state = 'reserved'): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  network.onStatus = () => network.status().relays.every((each) => each.state === state) && resolve()
  network.onStatus(network.status())
  return within(15_000, `relay ${state}`, promise)
}

async function reserved(options: Partial<NodeNetworkOptions> = {}) {
  const network = await makeNetwork(options)
  await network.start()
  await whenReserved(network)
  return network
}

const anySignal = () => AbortSignal.timeout(30_000)

function collect(lane: Lane, byteCount: number): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  return new Promise((resolve, reject) => {
    lane.onClose = (error) => reject(error ?? new Error(`closed after ${bytes} bytes`))
    lane.onChunk = (chunk) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= byteCount) resolve(chunks)
    }
  })
}

/** Opens a lane, has its other end send all it gets back, and gives the lane. */
async function openEcho(from: Network, to: Network, kind?: ConnectionKind): Promise<Lane> {
  to.onLane = (lane) => (lane.onChunk = (chunk) => lane.send(chunk.slice()))
  const direct = new Promise<unknown>((resolve) => (from.onDirect = resolve))
  const connect = async () => from.connect((await to.selfRecord())!, { signal: anySignal() })
  const lane = await connect()
  if (kind !== 'direct' || lane.kind === 'direct') return lane
  await within(20_000, 'a direct connection', direct) // on a busy machine the relay was the sooner
  return connect()
}

describe('two programs', () => {
  it.each<[string, Partial<NodeNetworkOptions>, ConnectionKind]>([
    ['by the relay', {}, 'relayed'],
    ['by TCP', { listen: ['/ip4/127.0.0.1/tcp/0'] }, 'socket'],
    ['by WebSocket', { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, 'socket'],
    ['by WebRTC', { webrtc: true }, 'direct']
  ])(
    'carry bytes both ways %s',
    async (_way, options, kind) => {
      const [a, b] = await Promise.all([reserved(options), reserved(options)])
      const lane = await openEcho(a, b, kind)
      expect(lane.kind).toBe(kind)
      const content = seededBytes(1, 3 * laneMessageBytes)
      const back = collect(lane, content.length)
      for (let at = 0; at < content.length; at += 200_000) lane.send(content.slice(at, at + 200_000))
      expect(Buffer.concat(await back).equals(content)).toBe(true)
    },
    40_000
  )

  it('[NW16] send a whole lane message over WebRTC as one', async () => {
    const [a, b] = await Promise.all([reserved({ webrtc: true }), reserved({ webrtc: true })])
    const lane = await openEcho(a, b, 'direct')
    const back = collect(lane, laneMessageBytes)
    lane.send(new Uint8Array(laneMessageBytes))
    expect((await back).map((chunk) => chunk.length)).toEqual([laneMessageBytes])
  })

  it('[NW17] keep what comes before anybody listens', async () => {
    const [a, b] = await Promise.all([reserved(), reserved()])
    const arrived = new Promise<Lane>((resolve) => (b.onLane = resolve))
    const lane = await a.connect((await b.selfRecord())!, { signal: anySignal() })
    lane.send(Uint8Array.of(1, 2, 3))
    const theirs = await arrived
    const answered = collect(lane, 1)
    theirs.send(Uint8Array.of(9))
    await answered // by now their bytes have long been here
    expect(Buffer.concat(await collect(theirs, 3))).toEqual(Buffer.of(1, 2, 3))
  })

  it('[NW17] keep the end of a lane until somebody listens', async () => {
    const [a, b] = await Promise.all([reserved(), reserved()])
    const arrived = new Promise<Lane>((resolve) => (b.onLane = resolve))
    const lane = await a.connect((await b.selfRecord())!, { signal: anySignal() })
    const theirs = await arrived
    const ended = new Promise<void>((resolve) => (lane.onClose = () => resolve()))
    lane.close()
    await ended
    await new Promise<void>((resolve) => (theirs.onClose = () => resolve()))
  })

  it('[NW18] let out what was sent when they close', async () => {
    const [a, b] = await Promise.all([reserved(), reserved()])
    const arrived = new Promise<Lane>((resolve) => (b.onLane = resolve))
    const lane = await a.connect((await b.selfRecord())!, { signal: anySignal() })
    const closed = new Promise<void>((resolve) => (lane.onClose = () => resolve()))
    lane.send(new Uint8Array(1_000_000))
    lane.close()
    const theirs = await arrived
    expect(Buffer.concat(await collect(theirs, 1_000_000))).toHaveLength(1_000_000)
    await closed
  })

  it('[NW44] make a new connection where one that was idle takes no lane any more', async () => {
    const key = await generateKeyPair('Ed25519')
    const [a, b] = [
      await makeNetwork({ relays: [] }),
      await makeNetwork({ relays: [], privateKey: key, listen: ['/ip4/127.0.0.1/tcp/0'] })
    ]
    await Promise.all([a.start(), b.start()])
    const port = Number(/\/tcp\/(\d+)/.exec(b.addresses()[0]!)![1])
    await using wire = await deadEndWire(port)
    const record = await sealRecord(key, [multiaddr(`/ip4/127.0.0.1/tcp/${wire.port}`)])
    const connect = () => a.connect(record, { signal: anySignal() })
    const closed = Promise.withResolvers<void>()
    const first = await connect()
    first.onClose = () => closed.resolve()
    first.close()
    await closed.promise
    wire.goSilent()
    const now = Date.now.bind(Date)
    using _clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + spareConnectionMs)
    const startMs = performance.now()
    await connect()
    expectWithin(2 * idleAnswerMs, 'a new lane', performance.now() - startMs)
    expect(wire.count()).toBe(2)
  })

  it('[NW43] probe a connection to a relay, over which its keeper was silent, and go on with it', async () => {
    await using place = await temporaryFolder('network-keeper')
    const keeping = await startRelay(
      { port: 0, host: '127.0.0.1', dataDir: place.path, json: false, keeper: true },
      place.path
    )
    const a = await reserved({ relays: [`http://127.0.0.1:${keeping.port}`] })
    const { record, peerId } = a.status().keepers![0]!
    const connect = async () => a.connect(Buffer.from(record, 'base64url'), { signal: anySignal() })
    const lane = await connect()
    expect(lane.peerId).toBe(peerId)
    lane.close(true)
    expect((await connect()).peerId).toBe(peerId)
    expect(a.status().relays[0]!.state).toBe('reserved')
    await keeping.stop()
  })

  it('[NW14] refuse records that are too long, damaged or signed by another, before they dial', async () => {
    const a = await makeNetwork({ relays: [] })
    const key = await generateKeyPair('Ed25519')
    const good = await sealRecord(key, [multiaddr('/ip4/127.0.0.1/tcp/1')])
    const damaged = Uint8Array.from(good, (byte, i) => (i === good.length - 1 ? byte ^ 1 : byte))
    for (const record of [new Uint8Array(recordBytesMax + 1), damaged, Uint8Array.of(), Uint8Array.of(1, 2, 3)]) {
      await expect(a.connect(record, { signal: anySignal() })).rejects.toMatchObject({
        code: 'bad-record',
        fault: 'peer'
      })
    }
    expect((await openRecord(good)).addresses.map(String)).toEqual(['/ip4/127.0.0.1/tcp/1'])
  })

  it('give up a dial that is not wanted any more', async () => {
    const a = await reserved()
    const nowhere = await sealRecord(await generateKeyPair('Ed25519'), [multiaddr('/ip4/192.0.2.1/tcp/1')])
    const abort = new AbortController()
    const dial = a.connect(nowhere, { signal: abort.signal })
    abort.abort()
    await expect(dial).rejects.toThrow()
  })
})

describe('a relay', () => {
  it('[NW15] is named in the record once it holds a reservation', async () => {
    const a = await makeNetwork({ webrtc: true })
    const told = new Promise<void>((resolve) => (a.onSelfRecord = resolve))
    expect(await a.selfRecord()).toBeUndefined()
    await a.start()
    await told
    const { addresses, peerId } = await openRecord((await a.selfRecord())!)
    const at = `/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}/p2p-circuit`
    expect(addresses.map(String)).toEqual([`${at}/webrtc/p2p/${peerId}`, `${at}/p2p/${peerId}`])
    expect(a.status().peerId).toBe(peerId)
  })

  it('gives its tracker as a lane', async () => {
    const a = await makeNetwork()
    const lane = new Promise<Lane>((resolve) => (a.onLane = resolve))
    await a.start()
    expect(await lane).toMatchObject({ protocol: '/quire/tracker/1', direction: 'outbound', peerId: relay.peerId })
  })

  it('[NW1] [NW2] [NW3] [NW15] may be away at the start and may be restarted: reserved again within 5 s of its return', async () => {
    const first = await start()
    const { port } = first
    await first.stop()
    const [a, b] = await Promise.all([
      makeNetwork({ relays: [`http://127.0.0.1:${port}`] }),
      makeNetwork({ relays: [`http://127.0.0.1:${port}`] })
    ])
    let told = 0
    a.onSelfRecord = () => told++
    await Promise.all([a.start(), b.start()])
    await whenReserved(a, 'unreachable')
    for (const round of [1, 2, 3]) {
      const again = await start(port)
      await within(5_000, `reserved, round ${round}`, Promise.all([whenReserved(a), whenReserved(b)]))
      expect(told).toBe(round)
      const lane = await openEcho(a, b)
      const back = collect(lane, 3)
      lane.send(Uint8Array.of(1, 2, 3))
      await back
      await again.stop()
      await whenReserved(a, 'unreachable')
    }
  })

  it('[NW1] [NW21] gives its tracker while it has not answered about a reservation, and is not asked who it is', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const server = createServer((_, response) => response.end(JSON.stringify({ peerId: silent.peerId.toString() })))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const circuits = await startCircuits({ privateKey, server, proxies: undefined, refuse: () => undefined })
    const silent = circuits.node
    const hop = '/libp2p/circuit/relay/0.2.0/hop'
    const asked = Promise.withResolvers<void>()
    await silent.unhandle(hop)
    await silent.handle(hop, () => asked.resolve())
    let identified = 0
    await silent.unhandle('/ipfs/id/1.0.0')
    await silent.handle('/ipfs/id/1.0.0', () => void identified++)
    await silent.handle(trackerProtocol, () => undefined)
    const a = await makeNetwork({ relays: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] })
    const tracker = new Promise<Lane>((resolve) => (a.onLane = resolve))
    await a.start()
    await within(5_000, 'a tracker lane and a question', Promise.all([tracker, asked.promise]))
    expect(a.status().relays).toMatchObject([{ state: 'connecting' }])
    expect(identified).toBe(0)
    await a.stop()
    await circuits.stop()
    server.close()
  })

  it('[NW5] is joined again when it closes its tracker', async () => {
    const a = await makeNetwork()
    const lanes: Lane[] = []
    const second = new Promise<void>((resolve) => (a.onLane = (lane) => lanes.push(lane) === 2 && resolve()))
    await a.start()
    await whenReserved(a)
    lanes[0]!.close()
    await within(5_000, 'another tracker lane', second)
    await whenReserved(a)
  })
})
