import { undoGentle } from './gentle-rtc.ts'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { AskRelay } from '../relay-config.ts'
import type { Network } from '../types.ts'
import { Libp2pNetwork } from './network.ts'
import { connectionLimits, identifyOptions, webRtcOptions, webSocketOptions } from './settings.ts'
import { patient } from './web-rtc.ts'

undoGentle()

export interface BrowserNetworkOptions {
  readonly relays: readonly string[]
  readonly askRelay: AskRelay
}

/** The network of a tab: WebRTC to other tabs, WebSocket to relays and keepers. Every tab has a fresh key. */
export async function createBrowserNetwork({ relays, askRelay }: BrowserNetworkOptions): Promise<Network> {
  const privateKey = await generateKeyPair('Ed25519')
  const webrtc = typeof globalThis.RTCPeerConnection === 'function'
  return new Libp2pNetwork({
    privateKey,
    relays,
    askRelay,
    webrtc,
    create: (iceServers) =>
      createLibp2p({
        privateKey,
        addresses: { listen: webrtc ? ['/webrtc'] : [] },
        transports: [
          webSockets(webSocketOptions),
          circuitRelayTransport(),
          ...(webrtc
            ? [patient(webRTC({ ...webRtcOptions, rtcConfiguration: () => ({ iceServers: iceServers() }) }))]
            : [])
        ],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify(identifyOptions) },
        // Relays on the local network and plain sockets of a page served over http are dialled too.
        connectionGater: { denyDialMultiaddr: () => false },
        connectionManager: connectionLimits,
        connectionMonitor: { enabled: false }
      })
  })
}
