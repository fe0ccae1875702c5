import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { furtherDials } from '../../src/network/libp2p/further.ts'
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

interface Made {
  readonly network: Libp2pNetwork
  readonly rtc: () => RTCConfiguration
  /** Resolves when the relay was asked this often. */
  readonly asked: (times: number) => Promise<void>
}

/** A network at a relay that offers TURN under another name each time. */
async function reserved(relayOnly: boolean): Promise<Made> {
  const privateKey = await generateKeyPair('Ed25519')
  const ready = Promise.withResolvers<void>()
  let times = 0
  let rtc: () => RTCConfiguration = () => ({})
  const network = new Libp2pNetwork({
    privateKey,
    relays: [relay.url.replace('localhost', '127.0.0.1')],
    webrtc: true,
    relayOnly,
    askRelay: async (url) => {
      const config = await fetchRelayConfig(url)
      return { ...config, turn: { port: 3478, username: `${++times}:a`, credential: 'b', lifeMs: 1 } }
    },
    create: (rtcConfiguration) => {
      rtc = rtcConfiguration
      return createLibp2p({
        privateKey,
        transports: [webSockets(), circuitRelayTransport()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify({ runOnConnectionOpen: false }), further: furtherDials() }
      })
    }
  })
  network.onStatus = ({ relays }) => relays[0]?.state === 'reserved' && ready.resolve()
  await network.start()
  await within(10_000, 'a reservation', ready.promise)
  const asked = async (wanted: number) => void (await expect.poll(() => times).toBe(wanted))
  return { network, rtc, asked }
}

const named = (rtc: () => RTCConfiguration) => rtc().iceServers?.flatMap(({ username }) => username ?? [])
const turnUrls = ['turn:127.0.0.1:3478?transport=udp', 'turn:127.0.0.1:3478?transport=tcp']

it('[NW27] connections are made with what a relay offers now: it is asked anew before that runs out', async () => {
  const { network, rtc, asked } = await reserved(false)
  expect(named(rtc)).toEqual(['1:a'])
  expect(rtc().iceServers?.at(-1)?.urls).toEqual(turnUrls)
  network.nudge() // looks after its relays at once
  await asked(2)
  await expect.poll(() => named(rtc)).toEqual(['2:a'])
  await network.stop()
})

it('[NW29] by relays alone, candidates come from TURN only and STUN is not asked', async () => {
  const open = await reserved(false)
  expect(open.rtc().iceTransportPolicy).toBe('all')
  expect(open.rtc().iceServers?.map(({ urls }) => urls)).toEqual([`stun:127.0.0.1:${relay.port}`, turnUrls])
  await open.network.stop()
  const hidden = await reserved(true)
  expect(hidden.rtc().iceTransportPolicy).toBe('relay')
  expect(hidden.rtc().iceServers?.map(({ urls }) => urls)).toEqual([turnUrls])
  await hidden.network.stop()
})
