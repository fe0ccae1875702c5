import { createHash, timingSafeEqual } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { isLoopback, plainAddress } from './limits/addresses.ts'
import type { Metrics } from './metrics.ts'
import { Reply, type Route } from './pages.ts'

export interface Operations {
  readonly metrics: Metrics
  readonly metricsToken: string | undefined
  readonly pageDir: string
  readonly isStarted: () => boolean
  readonly isDraining: () => boolean
}

/** What an operator's machines ask: whether it lives, whether to send people here, and how it fares. [RL6, RL7] */
export function operatorRoutes(operations: Operations): [string, Route][] {
  return [
    ['/readyz', () => readiness(operations)],
    ['/metrics', (request) => metricsFor(request, operations)]
  ]
}

function readiness({ isStarted, isDraining, pageDir }: Operations): Reply {
  const why = isDraining()
    ? 'draining'
    : !isStarted()
      ? 'starting'
      : existsSync(join(pageDir, 'index.html'))
        ? undefined
        : 'page-not-built'
  return new Reply(why ? 503 : 200, 'application/json', JSON.stringify(why ? { ready: false, why } : { ready: true }))
}

function metricsFor(request: IncomingMessage, { metrics, metricsToken }: Operations): Reply {
  if (mayRead(request, metricsToken)) return new Reply(200, 'text/plain; version=0.0.4; charset=utf-8', metrics.text())
  return metricsToken === undefined
    ? new Reply(
        403,
        'text/plain; charset=utf-8',
        'Figures are told to this machine alone, or by QUIRE_METRICS_TOKEN.\n'
      )
    : new Reply(401, 'text/plain; charset=utf-8', 'Figures are told to whoever has the token.\n', {
        'WWW-Authenticate': 'Bearer'
      })
}

/** Without a token only this machine, and no proxy on it that speaks for somebody else. */
function mayRead({ headers, socket }: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) {
    const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
    return !isForwarded && isLoopback(plainAddress(socket.remoteAddress ?? ''))
  }
  // Of hashes, so that neither the time nor a length says anything of the token.
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(headers.authorization ?? ''), hash(`Bearer ${token}`))
}
