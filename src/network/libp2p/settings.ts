import {
  dialTimeoutMs,
  laneBufferBytesMax,
  laneMessageBytes,
  lanesPerPeerMax,
  lanesRefusedMax,
  relaysMax,
  swarmPeersMax
} from '../../core/limits.ts'

/** libp2p's framing around a message: length, flag, field numbers. Its option counts it in. */
const framingBytes = 12

/** Between Quire's own peers larger messages than libp2p's default carry a third more for less work. */
export const webRtcOptions = {
  dataChannel: { maxMessageSize: laneMessageBytes + framingBytes, maxBufferedAmount: laneBufferBytesMax },
  // Peers may open many lanes while their connection is still being set up.
  maxEarlyStreams: lanesPerPeerMax + lanesRefusedMax
}

/** To relays: their addresses are known, so that nobody is asked how ours look from outside. [NW37] */
export const directOptions = { rtcConfiguration: { iceServers: [] } }

export const webSocketOptions = { maxBufferedAmount: laneBufferBytesMax }

/** All at once: libp2p forgets those that wait for their turn when one of them has its reservation. [NW31] */
export const circuitOptions = { reservationConcurrency: relaysMax }

/** Who asks is told who we are. We ask nobody: whom we speak to and how is known beforehand, and each asking costs round trips. */
export const identifyOptions = { runOnConnectionOpen: false }

/**
 * Under load a dial takes longer than libp2p allows by default; it never redials by itself, since the supervisor does.
 * All that comes through a relay seems to come from one host.
 */
export const connectionLimits = {
  dialTimeout: dialTimeoutMs,
  addressDialTimeout: dialTimeoutMs,
  inboundUpgradeTimeout: dialTimeoutMs,
  inboundConnectionThreshold: swarmPeersMax,
  maxIncomingPendingConnections: 64,
  reconnectRetries: 0
}
