import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import {
  relayedAddressBytesPerSecond,
  relayedBurstBytes,
  relayedBytesPerSecond,
  relayHandshakeMs,
  relayHandshakesMax,
  relayIdleMs,
  relaySocketsMax,
  relayStreamsMax,
  relayStreamWindowBytesMax,
  relayTellMs
} from '../src/core/limits.ts'
import { cut } from '../src/network/libp2p/cut.ts'
import { movingProtocol } from '../src/network/libp2p/relays.ts'
import { identifyOptions } from '../src/network/libp2p/settings.ts'
import type { PaceLimits } from './circuit/fair-pace.ts'
import { HopService } from './circuit/hop-service.ts'
import type { Refuse } from './limits/refusals.ts'
import { webSocketsOn, type WebSocketOptions } from './web-sockets.ts'

export type RelayNode = Libp2p

export interface CircuitOptions extends Omit<WebSocketOptions, 'isDraining'> {
  readonly privateKey: PrivateKey
  /** By default what `limits.ts` says. */
  readonly pace?: PaceLimits
  /** What one circuit may carry; by default as above. */
  readonly circuitBytes?: number
  /** What it takes to find other relays; without it none is dialled. */
  readonly others?: OtherRelays
}

/** Parts of a node that speaks with other relays. */
export interface OtherRelays {
  /** Where they reach us. */
  readonly announce: readonly string[]
  readonly transports: NonNullable<Libp2pOptions['transports']>
  readonly services: NonNullable<Libp2pOptions['services']>
  readonly mayDial: (address: Multiaddr) => Promise<boolean>
  /** How long their addresses are remembered. */
  readonly addressTtlMs: number
  readonly isKnown: (peerId: string) => boolean
}

export interface Circuits {
  readonly node: RelayNode
  readonly hop: HopService
  readonly isDraining: boolean
  /** Tells everybody to move and takes nobody new; resolves when no circuit is left, or at the latest after this. [RL8] */
  drain(timeoutMs: number): Promise<void>
  stop(): Promise<void>
}

const usualPace: PaceLimits = {
  bytesPerSecond: relayedBytesPerSecond,
  burstBytes: relayedBytesPerSecond,
  payerBurstBytes: relayedBurstBytes,
  payerBytesPerSecond: relayedAddressBytesPerSecond
}

/** libp2p behind the upgrade requests of `server`: circuits between those who are connected, and reservations for them. */
export async function startCircuits({
  privateKey,
  pace = usualPace,
  circuitBytes,
  others,
  ...options
}: CircuitOptions): Promise<Circuits> {
  let isDraining = false
  const node = await createLibp2p({
    privateKey,
    // Only says that it listens; the port is the server's.
    addresses: { listen: ['/ip4/0.0.0.0/tcp/0/ws'], announce: [...(others?.announce ?? [])] },
    transports: [webSocketsOn({ ...options, isDraining: () => isDraining }), ...(others?.transports ?? [])],
    connectionGater: { denyDialMultiaddr: async (address) => !(await others?.mayDial(address)) },
    peerStore: { maxAddressAge: others?.addressTtlMs },
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: relayStreamsMax,
        maxOutboundStreams: relayStreamsMax,
        streamOptions: { maxStreamWindowSize: relayStreamWindowBytesMax }
      })
    ],
    services: { identify: identify(identifyOptions), ...others?.services },
    connectionManager: {
      maxConnections: relaySocketsMax,
      // A reverse proxy makes all tabs look like one host; web-sockets.ts counts by the address that the proxy names.
      inboundConnectionThreshold: relaySocketsMax,
      maxIncomingPendingConnections: relayHandshakesMax,
      inboundUpgradeTimeout: relayHandshakeMs
    },
    connectionMonitor: { enabled: false }
  })
  const hop = new HopService({ privateKey, pace, circuitBytes, refuse: options.refuse })
  await hop.start(node)
  const isWanted = (each: Connection) => hop.isReserved(each) || others?.isKnown(each.remotePeer.toString()) === true
  const idle = setInterval(() => endIdle(node, isWanted, options.refuse), relayIdleMs / 2)
  idle.unref()
  return {
    node,
    hop,
    get isDraining() {
      return isDraining
    },
    async drain(timeoutMs) {
      isDraining = true
      const late = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs))
      const idle = hop.drain()
      await Promise.race([late, tellToMove(node).then(() => idle)])
    },
    async stop() {
      clearInterval(idle)
      hop.stop()
      await node.stop()
    }
  }
}

function endIdle(node: Libp2p, isWanted: (connection: Connection) => boolean, refuse: Refuse): void {
  for (const connection of idleConnections(node.getConnections(), isWanted, Date.now())) {
    refuse('idle-socket', connection)
    cut(connection, new Error('it has neither a reservation nor a stream'))
  }
}

/** Sockets that nothing is done with, of tabs without a reservation: of who connected only to be there, or was cut off on the way. [RL17] */
export function idleConnections(
  connections: readonly Connection[],
  isWanted: (connection: Connection) => boolean,
  nowMs: number
): Connection[] {
  return connections.filter((connection) => {
    const isYoung = nowMs - connection.timeline.open < relayIdleMs
    return !isYoung && connection.streams.length === 0 && !isWanted(connection)
  })
}

/** The stream itself is the message. Programs that do not know it lose their relay when it closes, and find that out then. */
async function tellToMove(node: Libp2p): Promise<void> {
  const tell = async (connection: Connection) => {
    const signal = AbortSignal.timeout(relayTellMs)
    const stream = await connection.newStream(movingProtocol, { signal })
    await stream.close({ signal })
  }
  await Promise.allSettled(node.getConnections().map(tell))
}
