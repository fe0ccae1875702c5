import { undoGentle } from './gentle-rtc.ts'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webRTC, webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { AskRelay } from '../relay-config.ts'
import { nextTask } from '../next-task.ts'
import type { Network } from '../types.ts'
import { freshKey, handshakeCrypto } from './page-crypto.ts'
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
import { patient } from './web-rtc.ts'
import { ending } from './web-sockets.ts'

undoGentle()

export interface BrowserNetworkOptions {
  readonly relays: readonly string[]
  readonly askRelay: AskRelay
  /** Peers learn no address of this tab, and it sends them nothing but by way of relays. */
  readonly relayOnly?: boolean
}

/** The network of a tab: WebRTC to other tabs, WebSocket to relays and keepers. Every tab has a fresh key. */
export async function createBrowserNetwork({ relays, askRelay, relayOnly }: BrowserNetworkOptions): Promise<Network> {
  // One long task otherwise: evaluating libp2p, making a node of it, starting that.
  await nextTask()
  const privateKey = await freshKey()
  const webrtc = typeof globalThis.RTCPeerConnection === 'function'
  return new Libp2pNetwork({
    privateKey,
    relays,
    askRelay,
    webrtc,
    relayOnly,
    create: async (rtcConfiguration) => {
      const node = await createLibp2p({
        privateKey,
        start: false,
        addresses: { listen: webrtc ? ['/webrtc'] : [] },
        transports: [
          ending(webSockets(webSocketOptions)),
          circuitRelayTransport(circuitOptions),
          ...(webrtc ? [patient(webRTC({ ...webRtcOptions, rtcConfiguration })), webRTCDirect(directOptions)] : [])
        ],
        connectionEncrypters: [noise({ crypto: handshakeCrypto })],
        streamMuxers: [yamux()],
        services: { identify: identify(identifyOptions), further: furtherDials() },
        // Relays on the local network and plain sockets of a page served over http are dialled too.
        connectionGater: { denyDialMultiaddr: () => false },
        connectionManager: connectionLimits,
        connectionMonitor: { enabled: false }
      })
      await nextTask()
      await node.start()
      return node
    }
  })
}
