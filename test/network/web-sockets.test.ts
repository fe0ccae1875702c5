import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Connection, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { defaultLogger } from '../../src/network/libp2p/no-logs.ts'
import { ending } from '../../src/network/libp2p/web-sockets.ts'
import { within } from '../support/waiting.ts'

/** Hands over the connection that a transport makes of a socket. */
function watcher() {
  const made = Promise.withResolvers<MultiaddrConnection>()
  const upgrade = (connection: MultiaddrConnection) => {
    made.resolve(connection)
    return Promise.resolve({} as Connection)
  }
  const upgrader = { upgradeInbound: upgrade, upgradeOutbound: upgrade, getConnectionEncrypters: () => new Map() }
  return { made: made.promise, upgrader: upgrader as unknown as Upgrader }
}

const makeTransport = () => ending(webSockets())({ logger: defaultLogger(), events: new EventTarget() } as never)

it('[NW48] the socket of a connection that we dialled ends when it is cut', async () => {
  await using server = Object.assign(new WebSocketServer({ port: 0, host: '127.0.0.1' }), {
    [Symbol.asyncDispose]: async () => void server.close()
  })
  await once(server, 'listening')
  const taken = once(server, 'connection')
  const { made, upgrader } = watcher()
  const { port } = server.address() as AddressInfo
  await makeTransport().dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}/ws`), {
    upgrader,
    signal: AbortSignal.timeout(10_000)
  })
  const [theirs] = (await taken) as [ServerSocket]
  const ended = once(theirs, 'close')
  ;(await made).abort(new Error('it is lost'))
  await within(10_000, 'the end of the socket', ended)
  expect(theirs.readyState).toBe(ServerSocket.CLOSED)
})

it('[NW48] the socket of a connection that was made to us ends when it is cut', async () => {
  const { made, upgrader } = watcher()
  const listener = makeTransport().createListener({ upgrader })
  await listener.listen(multiaddr('/ip4/127.0.0.1/tcp/0/ws'))
  const port = /tcp\/(\d+)/.exec(String(listener.getAddrs()[0]))![1]!
  const theirs = new ServerSocket(`ws://127.0.0.1:${port}`)
  const ended = once(theirs, 'close')
  ;(await made).abort(new Error('it is lost'))
  await within(10_000, 'the end of the socket', ended)
  await listener.close()
})
