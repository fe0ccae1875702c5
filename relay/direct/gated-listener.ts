import type { Listener } from '@libp2p/interface'
import {
  addressesCountedMax,
  directBeginningsBurst,
  directBeginningsPerSecond,
  directHandshakeMs,
  directHandshakesMax,
  directHandshakesPerAddressMax,
  directSocketBurst,
  directSocketsMax,
  directSocketsPerAddressMax,
  directSocketsPerSecond
} from '../../src/core/limits.ts'
import { Budget } from '../../src/core/tracker/budget.ts'
import { limitKey } from '../limits/addresses.ts'
import type { Refuse } from '../limits/refusals.ts'
import { SocketGate } from '../limits/socket-gate.ts'

/** What is used of libp2p's listener beyond what it promises. */
export interface DirectListener extends Listener {
  /** Peer connections by address, port and ufrag of their other ends. */
  readonly connections: Map<string, RTCPeerConnection>
  /** Called for each STUN request that belongs to no connection yet; resolves when its sender has said who it is. */
  incomingConnection(ufrag: string, host: string, port: number, signal: AbortSignal): Promise<void>
}

export interface GateOptions {
  readonly refuse: Refuse
  /** Whether nobody new is taken. */
  readonly isDraining: () => boolean
}

const limits = {
  socketsMax: directSocketsMax,
  socketsPerAddressMax: directSocketsPerAddressMax,
  burst: directSocketBurst,
  perSecond: directSocketsPerSecond,
  handshakesMax: directHandshakesMax,
  handshakesPerAddressMax: directHandshakesPerAddressMax
}

/**
 * Bounds whom a listener of webrtc-direct takes. By itself it makes a connection for each STUN request, which a single
 * packet with an invented source brings about. [RL23]
 */
export function gated(listener: DirectListener, { refuse, isDraining }: GateOptions): Listener {
  const gate = new SocketGate(limits)
  const beginnings = new Budget(performance.now(), directBeginningsBurst, directBeginningsPerSecond)
  /**
   * Requests are sent again until they are answered. And who had a connection goes on asking whether it is still there:
   * were it begun anew, by a relay that was killed and is back, its other end would take that for a yes.
   */
  const seen = new Set<string>()
  const take = listener.incomingConnection.bind(listener)
  listener.incomingConnection = async (ufrag, host, port) => {
    const key = `${host}:${port}:${ufrag}`
    if (isDraining() || seen.has(key)) return
    const nowMs = performance.now()
    const admitted = beginnings.spend(nowMs, 1) ? gate.enter(nowMs, limitKey(host)) : 'socket-rate'
    if (typeof admitted === 'string') return refuse('webrtc-direct', host)
    seen.add(key)
    if (seen.size > addressesCountedMax) seen.delete(seen.values().next().value!)
    const closed = (): void => {
      listener.connections.delete(key)
      admitted.closed()
    }
    try {
      await take(ufrag, host, port, AbortSignal.timeout(directHandshakeMs))
      whenClosed(listener.connections.get(key), closed)
    } catch {
      closed() // whoever it was did not say so
    } finally {
      admitted.shaken()
    }
  }
  // Its addresses are those of this machine, which are nobody's business; who reserves uses the one it dialled.
  listener.getAddrs = () => []
  return listener
}

function whenClosed(connection: RTCPeerConnection | undefined, closed: () => void): void {
  const look = (): void => {
    if (connection && !/^(failed|disconnected|closed)$/.test(connection.connectionState)) return
    connection?.removeEventListener('connectionstatechange', look)
    closed()
  }
  connection?.addEventListener('connectionstatechange', look)
  look()
}
