import { dialTimeoutMs, laneBufferBytesMax, laneMessageBytes } from '../../core/limits.ts'

/** Between Quire's own peers larger messages than libp2p's default carry a third more for less work. */
export const dataChannel = { maxMessageSize: laneMessageBytes, maxBufferedAmount: laneBufferBytesMax }

/** Under load a dial takes longer than libp2p allows by default; it never redials by itself, the engine does. */
export const connectionLimits = {
  dialTimeout: dialTimeoutMs,
  addressDialTimeout: dialTimeoutMs,
  inboundUpgradeTimeout: dialTimeoutMs,
  reconnectRetries: 0
}
