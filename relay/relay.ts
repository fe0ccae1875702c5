import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { RequestListener } from 'node:http'
import type { PeerId } from '../src/core/ids.ts'
import {
  relayCircuitBytesMax,
  relayCircuitMsMax,
  relayReservationsMax,
  relayReservationTtlMs,
  relayStreamsMax
} from '../src/core/limits.ts'
import { isRecordOf } from '../src/network/libp2p/records.ts'
import { StreamLane } from '../src/network/libp2p/stream-lane.ts'
import type { RelayConfig } from './config.ts'
import { CannotListen, PortTaken } from './errors.ts'
import { loadIdentity } from './identity.ts'
import { pageHandler } from './pages.ts'
import { serveStun } from './stun.ts'
import { TrackerService } from './tracker-service.ts'

export interface RunningRelay {
  readonly port: number
  readonly url: string
  readonly peerId: string
  readonly stun: string | undefined
  stop(): Promise<void>
}

/** Starts page, WebSocket, circuit relay, tracker and STUN on one port. `pageDir` holds the built page. */
export async function startRelay(config: RelayConfig, pageDir: string): Promise<RunningRelay> {
  const privateKey = await loadIdentity(config.dataDir)
  const tracker = new TrackerService(isRecordOf)
  let stunPort: number | undefined
  let started: RelayNode | undefined
  const routes = new Map<string, () => unknown>([
    ['/config.json', () => ({ version: 1, peerId: started?.peerId.toString(), stunPort })],
    ['/healthz', () => ({ ok: true, tabs: tracker.laneCount, swarms: tracker.swarmCount })]
  ])
  const node = await listen(config, () => createNode(config, privateKey, pageHandler(pageDir, routes)))
  started = node
  await serveTracker(node, tracker)
  releaseOnDisconnect(node)
  const port = portOf(node)
  const stun = await serveStun(config.host, port)
  if (stun) stunPort = port
  return {
    port,
    url: `http://localhost:${port}`,
    peerId: node.peerId.toString(),
    stun: stun && `stun:localhost:${port}`,
    async stop() {
      tracker.close()
      stun?.close()
      await node.stop()
    }
  }
}

type RelayNode = Libp2p<{ relay: ReturnType<ReturnType<typeof circuitRelayServer>> }>

function createNode(config: RelayConfig, privateKey: Awaited<ReturnType<typeof loadIdentity>>, pages: RequestListener) {
  const family = config.host.includes(':') ? 'ip6' : 'ip4'
  return createLibp2p({
    privateKey,
    addresses: { listen: [`/${family}/${config.host}/tcp/${config.port}/ws`] },
    transports: [webSocketsBeside(pages)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
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
      maxConnections: relayReservationsMax * 2,
      // A reverse proxy makes all tabs look like one host.
      inboundConnectionThreshold: relayReservationsMax,
      maxIncomingPendingConnections: 256
    },
    connectionMonitor: { enabled: false }
  })
}

/** libp2p's own WebSocket listener, with our pages as the answer to plain HTTP on the same port. */
function webSocketsBeside(pages: RequestListener): ReturnType<typeof webSockets> {
  const make = webSockets()
  return (components) => {
    const transport = make(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = (options) => Object.assign(createListener(options), { httpRequestHandler: pages })
    return transport
  }
}

async function listen(config: RelayConfig, create: () => Promise<RelayNode>): Promise<RelayNode> {
  try {
    return await create()
  } catch (error) {
    const text = `${String(error)} ${String((error as Error).cause ?? '')}`
    if (text.includes('EADDRINUSE')) throw new PortTaken(config.port)
    if (text.includes('EACCES')) throw new CannotListen(config.host, config.port, 'this port needs more rights')
    if (text.includes('EADDRNOTAVAIL')) throw new CannotListen(config.host, config.port, 'this machine has no such address')
    throw error
  }
}

async function serveTracker(node: RelayNode, tracker: TrackerService): Promise<void> {
  const own = node.peerId.toString() as PeerId
  const protocol = '/quire/tracker/1'
  await node.handle(protocol, (stream, connection) => tracker.accept(new StreamLane(stream, connection, own, protocol)))
}

/** A reservation otherwise lives out its time, and a tab that reloads often would fill the relay. */
function releaseOnDisconnect(node: RelayNode): void {
  node.addEventListener('peer:disconnect', ({ detail }: CustomEvent<Libp2pPeerId>) => {
    node.services.relay.reservations.delete(detail)
  })
}

function portOf(node: RelayNode): number {
  const match = /\/tcp\/(\d+)/.exec(node.getMultiaddrs().join(' '))
  return Number(match?.[1])
}
