import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { Libp2pNetwork } from '../../src/network/libp2p/network.ts'
import { fetchRelayConfig } from '../../src/network/relay-config.ts'
import { temporaryFolder } from '../support/files.ts'
import { within } from '../support/waiting.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let relay: RunningRelay

beforeAll(async () => {
  folder = await temporaryFolder('turn')
  relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: folder.path, json: false }, folder.path)
})

afterAll(async () => {
  await relay.stop()
  await folder[Symbol.asyncDispose]()
})

it('[NW27] connections are made with what a relay offers now: it is asked anew before that runs out', async () => {
  const privateKey = await generateKeyPair('Ed25519')
  const asked = Promise.withResolvers<void>()
  const reserved = Promise.withResolvers<void>()
  let times = 0
  let iceServers: () => RTCIceServer[] = () => []
  const network = new Libp2pNetwork({
    privateKey,
    relays: [relay.url.replace('localhost', '127.0.0.1')],
    webrtc: false,
    askRelay: async (url) => {
      const config = await fetchRelayConfig(url)
      if (++times === 2) asked.resolve()
      return { ...config, turn: { port: 3478, username: `${times}:a`, credential: 'b', lifeMs: 1 } }
    },
    create: (servers) => {
      iceServers = servers
      return createLibp2p({
        privateKey,
        transports: [webSockets(), circuitRelayTransport()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify({ runOnConnectionOpen: false }) }
      })
    }
  })
  const named = () => iceServers().flatMap(({ username }) => username ?? [])
  network.onStatus = ({ relays }) => relays[0]?.state === 'reserved' && reserved.resolve()
  await network.start()
  await within(10_000, 'a reservation', reserved.promise)
  expect(named()).toEqual(['1:a'])
  expect(iceServers().at(-1)?.urls).toEqual(['turn:127.0.0.1:3478?transport=udp', 'turn:127.0.0.1:3478?transport=tcp'])
  network.nudge() // looks after its relays at once
  await within(10_000, 'the next asking', asked.promise)
  await expect.poll(named).toEqual(['2:a'])
  await network.stop()
})
