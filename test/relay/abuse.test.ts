import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { connect } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { Reservations } from '../../relay/circuit/reservations.ts'
import { idleConnections } from '../../relay/circuits.ts'
import { AddressBudgets } from '../../relay/limits/address-budgets.ts'
import { readProxies } from '../../relay/limits/addresses.ts'
import { type Admitted, SocketGate } from '../../relay/limits/socket-gate.ts'
import { limitConnections, requestGate } from '../../relay/limits/http-limits.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import type { SwarmId } from '../../src/core/ids.ts'
import {
  addressesCountedMax,
  announceTtlMs,
  circuitRequestBurst,
  httpHeadersMs,
  httpRequestBurst,
  relayConnectionsPerAddressMax,
  relayHandshakeMs,
  relayHandshakesPerAddressMax,
  relayIdleMs,
  relaySocketMessageBytesMax,
  relaySocketsMax,
  relaySocketsPerAddressMax,
  trackerBurst
} from '../../src/core/limits.ts'
import { encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import { sealRecord } from '../../src/network/libp2p/records.ts'
import { circuitClient, type CircuitClient } from '../support/circuit-client.ts'
import { figure, untilFigure } from '../support/figures.ts'
import { temporaryFolder } from '../support/files.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay
let url: string
const clients: CircuitClient[] = []
const sockets: WebSocket[] = []

beforeAll(async () => {
  folder = await temporaryFolder('abuse')
  const trustProxy = readProxies('loopback')!
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: folder.path, json: false, trustProxy }, folder.path)
  url = `http://127.0.0.1:${relay.port}`
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()))
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

async function client(): Promise<CircuitClient> {
  const made = await circuitClient(relay.port, relay.peerId)
  clients.push(made)
  return made
}

/** A WebSocket as a proxy hands it on for somebody at `address`; resolves with the status when it is refused. */
function socketFrom(address: string): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${relay.port}`, { headers: { 'X-Forwarded-For': address } })
  sockets.push(socket)
  socket.on('error', () => undefined)
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode!))
  })
}

const refused = (limit: string) => figure(url, 'quire_refused_total', `{limit="${limit}"}`)
const afterSlack = (limitMs: number) => limitMs * 3 + 10_000

// One after the other they would take as long as all their limits together.
describe.concurrent('who is slow is cut', () => {
  it.concurrent.each([
    ['sends its headers a byte at a time', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: '],
    ['opens a connection and says nothing', ''],
    [
      'asks for a WebSocket and does not finish',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    ]
  ])(
    '[RL15] who %s',
    async (_what, beginning) => {
      const socket = connect(relay.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(beginning)
      const drip = setInterval(() => beginning && socket.write('a'), 500)
      socket.resume()
      await within(afterSlack(httpHeadersMs), 'it is cut', once(socket, 'close'))
      clearInterval(drip)
    },
    60_000
  )

  it.concurrent(
    '[RL15] who opens a WebSocket and does not say who it is',
    async () => {
      const socket = (await socketFrom('198.51.100.9')) as WebSocket
      const index = sockets.indexOf(socket)
      if (index >= 0) sockets.splice(index, 1)
      await within(afterSlack(relayHandshakeMs), 'it is cut', once(socket, 'close'))
    },
    60_000
  )
})

describe('who takes too much is refused, and others are not', () => {
  it('[RL16] sockets of one address that do not say who they are do not keep others out', async () => {
    const all = await Promise.all(Array.from({ length: relayHandshakesPerAddressMax }, () => socketFrom('203.0.113.1')))
    expect(all.filter((each) => typeof each === 'number')).toEqual([])
    expect(await socketFrom('203.0.113.1')).toBe(429)
    expect(await refused('handshakes')).toBe(1)
    expect(await (await client()).reserve()).toBe(100)
  })

  it('[RL16] sockets of one address, at one time and each second', () => {
    const gate = new SocketGate()
    const enter = (key: string, nowMs = 0) => {
      const admitted = gate.enter(nowMs, key)
      if (typeof admitted !== 'string') admitted.shaken()
      return admitted
    }
    const first = Array.from({ length: relaySocketsPerAddressMax }, () => enter('a'))
    expect(first.filter((each) => typeof each === 'string')).toEqual([])
    expect([enter('a'), enter('a', 60_000), typeof enter('b')]).toEqual(['socket-rate', 'sockets', 'object'])
    for (const each of first) (each as Admitted).closed()
    expect(typeof enter('a', 120_000)).toBe('object')
    for (let i = 1; i < relaySocketsMax; i++) gate.enter(i * 1e6, `${i}`) // one each
    expect(gate.enter(1e12, 'last')).toBe('handshakes')
  })

  it('[RL16] connections of one address, before they say anything', () => {
    const server = Object.assign(new EventEmitter(), { setTimeout: () => undefined }) as unknown as Server
    const met: string[] = []
    limitConnections(server, { proxies: undefined, refuse: (limit) => met.push(limit) })
    const from = (remoteAddress: string) => {
      const socket = Object.assign(new EventEmitter(), {
        remoteAddress,
        destroyed: false,
        destroy: () => (socket.destroyed = true)
      })
      server.emit('connection', socket)
      return socket
    }
    const first = Array.from({ length: relayConnectionsPerAddressMax }, () => from('203.0.113.1'))
    expect(first.some(({ destroyed }) => destroyed)).toBe(false)
    expect(from('203.0.113.1').destroyed).toBe(true)
    expect(from('203.0.113.2').destroyed).toBe(false)
    first[0]!.emit('close')
    expect(from('203.0.113.1').destroyed).toBe(false)
    expect(met).toEqual(['connections'])
  })

  it('[RL16] requests of one address', () => {
    const mayAsk = requestGate({ proxies: readProxies('loopback'), refuse: () => undefined })
    const request = (address: string) =>
      ({
        socket: { remoteAddress: '127.0.0.1' },
        headers: { 'x-forwarded-for': address }
      }) as unknown as IncomingMessage
    const answers = Array.from({ length: httpRequestBurst + 200 }, () => mayAsk(request('203.0.113.1')))
    expect(answers.slice(0, httpRequestBurst)).not.toContain(false)
    expect(answers).toContain(false)
    expect(mayAsk(request('203.0.113.2'))).toBe(true)
  })

  it('[RL16] reservations of one address, however many peers it makes up', () => {
    const reservations = new Reservations(100, 3)
    const connection = () => new EventTarget() as unknown as Connection
    const first = connection()
    expect(reservations.reserve('a', first, '203.0.113.1', 1)).toBe(true)
    expect(reservations.reserve('a', first, '203.0.113.1', 1)).toBe(true)
    expect(reservations.reserve('b', connection(), '203.0.113.1', 1)).toBe(true)
    expect(reservations.reserve('c', connection(), '203.0.113.1', 1)).toBe(true)
    expect(reservations.reserve('d', connection(), '203.0.113.1', 1)).toBe(false)
    expect(reservations.reserve('e', connection(), '203.0.113.2', 1)).toBe(true)
    expect(reservations.size).toBe(4)
    ;(first as unknown as EventTarget).dispatchEvent(new Event('close'))
    expect(reservations.reserve('d', connection(), '203.0.113.1', 1)).toBe(true)
  })

  it('[RL16] reservations of one peer by turns of two connections are listened for once each', () => {
    const reservations = new Reservations(100, 3)
    let listeners = 0
    const connection = () => ({ addEventListener: () => listeners++ }) as unknown as Connection
    const both = [connection(), connection()]
    for (let n = 0; n < 100; n++) reservations.reserve('a', both[n % 2]!, '203.0.113.1', 1)
    expect([listeners, reservations.size]).toEqual([2, 1])
  })

  it('[RL16] requests for circuits', async () => {
    const [flood, other] = await Promise.all([client(), client()])
    const before = await refused('circuit-requests')
    const answers = new Set<number>()
    for (let sent = 0; sent < circuitRequestBurst + 400; sent += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, () => flood.connect(other)))
      for (const { status, stream } of some) {
        answers.add(status)
        stream.abort(new Error('enough'))
      }
    }
    expect([...answers].sort()).toEqual([201, 204])
    expect(await refused('circuit-requests')).toBeGreaterThan(before)
    expect((await other.connect(flood)).status).toBe(204)
  })

  it('[RL16] addresses are forgotten, so that many of them do not fill the memory', () => {
    const budgets = new AddressBudgets(1, 0)
    expect([budgets.spend(0, 'first'), budgets.spend(0, 'first')]).toEqual([true, false])
    for (let i = 0; i < addressesCountedMax; i++) budgets.spend(0, `other ${i}`)
    expect(budgets.spend(0, 'first')).toBe(true)
    expect(budgets.spend(0, `other ${addressesCountedMax - 1}`)).toBe(false)
  })
})

describe('what makes no sense, or is too much, ends a connection', () => {
  it('[RL17] a message over the bound', async () => {
    const socket = (await socketFrom('198.51.100.1')) as WebSocket
    socket.send(new Uint8Array(relaySocketMessageBytesMax + 1))
    const [code] = (await within(5_000, 'it is cut', once(socket, 'close'))) as [number]
    expect(code).toBe(1009)
  })

  it('[RL17] text, and bytes that are no handshake', async () => {
    for (const nonsense of ['text', new Uint8Array(5_000)]) {
      const socket = (await socketFrom('198.51.100.1')) as WebSocket
      socket.send(nonsense)
      await within(5_000, 'it is cut', once(socket, 'close'))
    }
  })

  it('[RL17] [TR8] a flood of announcements', async () => {
    const flood = await client()
    const stream = await flood.connection.newStream('/quire/tracker/1')
    const ended = new Promise<void>((resolve) => stream.addEventListener('close', () => resolve()))
    stream.addEventListener('remoteCloseWrite', () => stream.abort(new Error('it was cut')))
    const frame = encodeTrackerFrame({ type: 'leave', swarmId: '5a'.repeat(32) as SwarmId })
    const many = Buffer.concat(Array.from({ length: 500 }, () => frame))
    for (let sent = 0; sent < trackerBurst + 2_000 && stream.writeStatus === 'writable'; sent += 500) stream.send(many)
    await within(10_000, 'it is cut', ended)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('[RL17] a tracker frame over the bound', async () => {
    const liar = await client()
    const stream = await liar.connection.newStream('/quire/tracker/1')
    const ended = new Promise<void>((resolve) => stream.addEventListener('remoteCloseWrite', () => resolve()))
    stream.addEventListener('message', () => undefined)
    stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1, 2, 3))
    await within(5_000, 'it is cut', ended)
  })

  it('[RL17] whoever does not read what the tracker tells it', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const [deaf, holder] = [await client(), await circuitClient(relay.port, relay.peerId, privateKey)]
    clients.push(holder)
    const swarmId = 'a5'.repeat(32) as SwarmId
    const announce = { type: 'announce', swarmId, role: 'tab', ttlMs: announceTtlMs } as const
    const listening = await deaf.connection.newStream('/quire/tracker/1')
    listening.pause()
    listening.send(encodeTrackerFrame({ ...announce, holder: false, watch: true }))
    await untilFigure(url, 'quire_swarms', 1)
    const telling = await holder.connection.newStream('/quire/tracker/1')
    const address = `/dns/${'a'.repeat(60)}.example/tcp/1`
    const record = await sealRecord(
      privateKey,
      Array.from({ length: 30 }, (_, i) => multiaddr(`${address}${i}`))
    )
    telling.send(encodeTrackerFrame({ type: 'record', record }))
    for (let i = 0; i < 2_000; i++) telling.send(encodeTrackerFrame({ ...announce, holder: i % 2 === 0, watch: false }))
    await within(20_000, 'it is cut', untilFigure(url, 'quire_refused_total', 1, '{limit="tracker-unread"}'))
    expect(telling.status).toBe('open')
  })

  it('[RL17] a socket on which nothing happens', () => {
    const at = (open: number, streams: number) =>
      ({ timeline: { open }, streams: Array(streams) }) as unknown as Connection
    const [young, busy, reserved, idle] = [at(relayIdleMs, 0), at(0, 1), at(0, 0), at(0, 0)]
    const all = [young, busy, reserved, idle]
    expect(idleConnections(all, (each) => each === reserved, relayIdleMs + 1)).toEqual([idle])
  })
})
