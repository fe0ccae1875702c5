import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { fetchRelayConfig } from '../relay-config.ts'
import type { LaneProtocol } from '../types.ts'
import { furtherDials } from './further.ts'
import { Libp2pNetwork } from './network.ts'
import {
  circuitOptions,
  connectionLimits,
  directOptions,
  identifyOptions,
  webRtcOptions,
  webSocketOptions
} from './settings.ts'
import { tellFailures } from './failures-rtc.ts'
import { patient } from './web-rtc.ts'
import { ending } from './web-sockets.ts'

export interface NodeNetworkOptions {
  readonly relays: readonly string[]
  /** Where to listen beside the relays, for example `/ip4/0.0.0.0/tcp/0`. */
  readonly listen?: readonly string[]
  /** By default a fresh one. */
  readonly privateKey?: PrivateKey
  /** False: meets tabs through relays only, as where WebRTC's native part does not load. */
  readonly webrtc?: boolean
  /** What it takes lanes for; by default exchange alone. */
  readonly serves?: readonly LaneProtocol[]
  /** Relays of its own that leave others unused; by default one. */
  readonly enoughRelays?: number
  /** What its node does beside. */
  readonly services?: NonNullable<Libp2pOptions['services']>
}

/** The network of a program: TCP and WebSocket, and WebRTC with tabs where its native part loads. */
export async function createNodeNetwork(options: NodeNetworkOptions): Promise<Libp2pNetwork> {
  const { relays, listen = [], webrtc = true } = options
  const key = options.privateKey ?? (await generateKeyPair('Ed25519'))
  const rtc = webrtc ? await loadWebRtc() : undefined
  return new Libp2pNetwork({
    privateKey: key,
    relays,
    askRelay: fetchRelayConfig,
    webrtc: rtc !== undefined,
    serves: options.serves,
    enoughRelays: options.enoughRelays,
    create: (rtcConfiguration) =>
      createLibp2p({
        privateKey: key,
        addresses: { listen: [...listen, ...(rtc ? ['/webrtc'] : [])] },
        transports: [
          tcp(),
          ending(webSockets(webSocketOptions)),
          circuitRelayTransport(circuitOptions),
          ...(rtc ? [patient(rtc.webRTC({ ...webRtcOptions, rtcConfiguration })), rtc.webRTCDirect(directOptions)] : [])
        ],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify(identifyOptions), further: furtherDials(), ...options.services },
        connectionManager: connectionLimits,
        connectionMonitor: { enabled: false }
      })
  })
}

/** Its native part comes as an optional package: where there is none for a system, tabs are met through relays. */
async function loadWebRtc(): Promise<typeof import('@libp2p/webrtc') | undefined> {
  try {
    const { RTCPeerConnection } = await import('node-datachannel/polyfill')
    tellFailures(RTCPeerConnection as unknown as typeof globalThis.RTCPeerConnection)
    return await import('@libp2p/webrtc')
  } catch {
    return undefined
  }
}
