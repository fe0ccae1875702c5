import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { Server } from 'node:http'
import {
  relayCircuitBytesMax,
  relayCircuitMsMax,
  relayReservationsMax,
  relayReservationTtlMs,
  relaySocketsMax,
  relayStreamsMax
} from '../src/core/limits.ts'
import { identifyOptions } from '../src/network/libp2p/settings.ts'
import { webSocketsOn } from './web-sockets.ts'

export type RelayNode = Libp2p<{ relay: ReturnType<ReturnType<typeof circuitRelayServer>> }>

/** libp2p behind the upgrade requests of `server`: circuits between those who are connected, and reservations for them. */
export async function startCircuits(privateKey: PrivateKey, server: Server): Promise<RelayNode> {
  const node = await createLibp2p({
    privateKey,
    // Only says that it listens; the port is the server's.
    addresses: { listen: ['/ip4/0.0.0.0/tcp/0/ws'] },
    transports: [webSocketsOn(server)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(identifyOptions),
      relay: circuitRelayServer({
        maxInboundHopStreams: relayStreamsMax,
        maxOutboundHopStreams: relayStreamsMax,
        maxOutboundStopStreams: relayStreamsMax,
        reservations: {
          maxReservations: relayReservationsMax,
          reservationTtl: relayReservationTtlMs,
          defaultDurationLimit: relayCircuitMsMax,
          defaultDataLimit: BigInt(relayCircuitBytesMax)
        }
      })
    },
    connectionManager: {
      maxConnections: relaySocketsMax,
      // A reverse proxy makes all tabs look like one host.
      inboundConnectionThreshold: relaySocketsMax,
      maxIncomingPendingConnections: relayStreamsMax
    },
    connectionMonitor: { enabled: false }
  })
  node.addEventListener('peer:disconnect', ({ detail }) => release(node, detail))
  return node
}

/**
 * A reservation otherwise lives out its time, and a tab that reloads often would fill the relay. Its timer goes too:
 * it would end the reservation that the same peer makes when it comes back.
 */
function release({ services: { relay } }: RelayNode, peerId: PeerId): void {
  const signal = relay.reservations.get(peerId)?.signal as { clear?(): void } | undefined
  signal?.clear?.()
  relay.reservations.delete(peerId)
}
