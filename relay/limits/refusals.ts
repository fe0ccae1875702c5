import type { Connection } from '@libp2p/interface'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'

/** Limits that a relay cuts or refuses by, as its metrics and its log name them. */
export const limitsNamed = [
  'connections',
  'http-requests',
  'sockets',
  'socket-rate',
  'handshakes',
  'idle-socket',
  'webrtc-direct',
  'config-requests',
  'reservations',
  'circuit-requests',
  'circuits',
  'circuit-stalled',
  'tracker-unread',
  'dht-requests',
  'stun'
] as const

export type LimitName = (typeof limitsNamed)[number]

/** Notes that somebody met a limit. */
export type Refuse = (limit: LimitName, whom?: string | Pick<Connection, 'remoteAddr' | 'remotePeer'>) => void

export const refuseSilently: Refuse = () => undefined

export function countRefusals(metrics: Metrics, log: Log): Refuse {
  const refused = metrics.counter('quire_refused_total', 'How often a limit was met, by limit.', 'limit', limitsNamed)
  return (limit, whom) => {
    refused.add(1, limit)
    if (whom === undefined) log('refused', { limit })
    else if (typeof whom === 'string') log('refused', { limit }, { address: whom })
    else log('refused', { limit }, { address: String(whom.remoteAddr), peerId: String(whom.remotePeer) })
  }
}
