import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { CreateListenerOptions } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webSocketsOn } from '../../relay/web-sockets.ts'
import { relayHandshakesPerAddressMax } from '../../src/core/limits.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { within } from '../support/waiting.ts'

/** Asks for a WebSocket by hand; `done` has the answer's first line once it is here. */
function ask(port: number, address = '203.0.113.1'): { readonly socket: Socket; readonly done: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  const key = Buffer.alloc(16).toString('base64')
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`
  )
  const done = once(socket, 'data').then(([data]) => String(data).split('\r\n', 1)[0]!)
  return { socket, done }
}

describe('a relay that drains', () => {
  const server = createServer()
  const upgrader = {} as CreateListenerOptions['upgrader']
  const logger = { forComponent: () => undefined } as never
  const options = { server, proxies: undefined, refuse: () => undefined, isDraining: () => true }
  const listener = webSocketsOn(options)({ logger }).createListener({ upgrader })

  beforeAll(async () => {
    await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0/ws'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })

  afterAll(async () => {
    await listener.close()
    server.close()
  })

  it.each<[string, (socket: Socket) => void]>([
    ['sends more, then ends', (socket) => socket.write('a', () => socket.end())],
    ['neither ends nor goes', () => undefined],
    ['breaks its connection', (socket) => socket.resetAndDestroy()]
  ])('[RL16] has nothing left of who is turned away and %s', async (_what, goOn) => {
    const came = once(server, 'connection') as Promise<[Socket]>
    const { socket, done } = ask((server.address() as AddressInfo).port)
    const [ours] = await came
    const closed = once(ours, 'close')
    expect(await done).toBe('HTTP/1.1 503 Service Unavailable')
    goOn(socket)
    await within(5_000, 'it is closed', closed)
    socket.destroy()
  })
})

describe('a relay with a crowd before it', () => {
  let quire: Quire
  const sockets: Socket[] = []

  beforeAll(async () => {
    quire = await startQuire({ env: { QUIRE_TRUST_PROXY: 'loopback' } })
  })

  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await quire.stop()
  })

  it('[RL16] goes on when one that it turned away breaks its connection', async () => {
    const asked = Array.from({ length: relayHandshakesPerAddressMax + 1 }, () => ask(quire.port))
    sockets.push(...asked.map(({ socket }) => socket))
    const lines = await Promise.all(asked.map(({ done }) => done))
    const refused = lines.indexOf('HTTP/1.1 429 Too Many Requests')
    expect(refused).toBeGreaterThanOrEqual(0)
    sockets[refused]!.resetAndDestroy()
    for (let n = 0; n < 3; n++) expect((await fetch(`${quire.url}/healthz`)).status).toBe(200)
  })
})
