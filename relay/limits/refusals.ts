import type { Connection } from '@libp2p/interface'
import { refusalLogMs } from '../../src/core/limits.ts'
import type { Log, Whom } from '../log.ts'
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

/** Counts them, and tells of each limit now and then: a flood fills no disk with lines. [RL25] */
export function countRefusals(metrics: Metrics, log: Log, now = () => performance.now()): Refuse {
  const refused = metrics.counter('quire_refused_total', 'How often a limit was met, by limit.', 'limit', limitsNamed)
  const untold = new Map<LimitName, { count: number; nextAtMs: number }>()
  return (limit, whom) => {
    refused.add(1, limit)
    const { count, nextAtMs } = untold.get(limit) ?? { count: 0, nextAtMs: -Infinity }
    const isDue = now() >= nextAtMs
    untold.set(limit, isDue ? { count: 0, nextAtMs: now() + refusalLogMs } : { count: count + 1, nextAtMs })
    if (isDue) log('refused', { limit, count: count + 1 }, whomOf(whom))
  }
}

function whomOf(whom: Parameters<Refuse>[1]): Whom {
  if (whom === undefined || typeof whom === 'string') return { address: whom }
  return { address: String(whom.remoteAddr), peerId: String(whom.remotePeer) }
}
