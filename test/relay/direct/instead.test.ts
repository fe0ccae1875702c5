import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startRelay } from '../../../relay/relay.ts'
import { createNodeNetwork } from '../../../src/network/libp2p/node.ts'
import type { Network, RelayStatus } from '../../../src/network/types.ts'
import { untilFigure } from '../../support/figures.ts'
import { temporaryFolder } from '../../support/files.ts'
import { within } from '../../support/waiting.ts'

const settings = { port: 0, host: '127.0.0.1', json: false, webrtcPort: 0 }

/** Resolves once a relay is so. */
const until = (network: Network, isSo: (relay: RelayStatus) => boolean): Promise<void> =>
  new Promise((resolve) => (network.onStatus = ({ relays }) => relays.some(isSo) && resolve()))

/** A port that leads to another one, until it is shut: then nobody is there, and whoever was is cut off. */
async function forwardedPort(to: number): Promise<{ port: number; shut(): void } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const far = connect(to, '127.0.0.1')
    for (const each of [socket, far]) sockets.add(each.on('error', () => undefined))
    socket.pipe(far).pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const shut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, shut, [Symbol.asyncDispose]: async () => shut() }
}

it('[RL21] a relay is named by other relays with the way that a page over https can take', async () => {
  await using place = await temporaryFolder('direct-others')
  const among = { ...settings, publicHost: '127.0.0.1' }
  const start = (name: string, bootstrap: string) =>
    startRelay({ ...among, dataDir: join(place.path, name), bootstrap: [bootstrap] }, place.path)
  const first = await start('first', 'http://127.0.0.1:9')
  const second = await start('second', first.url)
  await untilFigure(second.url, 'quire_relays_known', 1)
  const { others } = (await (await fetch(`${second.url}/config.json`)).json()) as { others: unknown[] }
  expect(others).toEqual([{ url: first.url, peerId: first.peerId, direct: first.direct[0] }])
  await Promise.all([first.stop(), second.stop()])
})

it('[NW38] a relay is gone on with by webrtc-direct where its port is not reached any more', async () => {
  await using place = await temporaryFolder('direct-instead')
  const relay = await startRelay({ ...settings, dataDir: place.path }, place.path)
  await relay.whenDirect
  await using port = await forwardedPort(relay.port)
  const url = `http://127.0.0.1:${port.port}`
  const made = await createNodeNetwork({ relays: [url] })
  const there = until(made, ({ state }) => state === 'reserved')
  await made.start()
  await within(20_000, 'it is there', there)
  const back = until(made, (each) => each.url === relay.direct[0] && each.state === 'reserved')
  port.shut()
  await within(30_000, 'it is there by webrtc-direct', back)
  await made.stop()
  await relay.stop()
})
