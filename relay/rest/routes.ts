import { download, stream } from './download.ts'
import { exists, list, remove, space } from './library.ts'
import { cancel, fetchInBackground, manifest, progress } from './network.ts'
import { connect, info, logLevel, noMarketplace, peerId, spr } from './node.ts'
import type { Handler } from './types.ts'
import { upload } from './upload.ts'

/** Both generations of clients: the same routes under either. */
export const bases = ['/api/codex/v1', '/api/storage/v1'] as const

export interface Route {
  readonly method: string
  /** Below a base; `{}` stands for one part of the path. */
  readonly path: string
  readonly handler: Handler
}

const route = (method: string, path: string, handler: Handler): Route => ({ method, path, handler })

export const routes: readonly Route[] = [
  route('POST', '/data', upload),
  route('GET', '/data', list),
  route('GET', '/data/{}', download),
  route('HEAD', '/data/{}', download),
  route('DELETE', '/data/{}', remove),
  route('GET', '/data/{}/exists', exists),
  route('POST', '/data/{}/network', fetchInBackground),
  route('GET', '/data/{}/network/stream', stream),
  route('HEAD', '/data/{}/network/stream', stream),
  route('GET', '/data/{}/network/manifest', manifest),
  route('GET', '/data/{}/network/progress/{}', progress),
  route('DELETE', '/data/{}/network/{}', cancel),
  route('GET', '/space', space),
  route('GET', '/spr', spr),
  route('GET', '/peerid', peerId),
  route('GET', '/node/peerid', peerId),
  route('GET', '/connect/{}', connect),
  route('GET', '/debug/info', info),
  route('POST', '/debug/chronicles/loglevel', logLevel),
  route('GET', '/sales/slots', noMarketplace),
  route('GET', '/sales/slots/{}', noMarketplace),
  route('GET', '/sales/availability', noMarketplace),
  route('POST', '/sales/availability', noMarketplace),
  route('PATCH', '/sales/availability/{}', noMarketplace),
  route('GET', '/sales/availability/{}/reservations', noMarketplace),
  route('POST', '/storage/request/{}', noMarketplace),
  route('GET', '/storage/purchases', noMarketplace),
  route('GET', '/storage/purchases/{}', noMarketplace)
]

export interface Found {
  readonly route: Route
  readonly places: readonly string[]
}

/** The route of a path under a base, or of a method that it has not: then `allowed` lists those that it has. */
export function findRoute(method: string, path: string): Found | { readonly allowed: readonly string[] } {
  const base = bases.find((each) => path.startsWith(`${each}/`))
  const parts = base === undefined ? [] : path.slice(base.length + 1).split('/')
  const fitting = routes.flatMap((each) => {
    const places = placesOf(each.path.slice(1).split('/'), parts)
    return places ? [{ route: each, places }] : []
  })
  const found = fitting.find(({ route: { method: own } }) => own === method)
  return found ?? { allowed: fitting.map(({ route: { method: own } }) => own) }
}

/** What stands in the places of a pattern; undefined where it does not fit. */
function placesOf(pattern: readonly string[], parts: readonly string[]): string[] | undefined {
  if (pattern.length !== parts.length) return undefined
  const fits = pattern.every((each, i) => (each === '{}' ? parts[i] !== '' : each === parts[i]))
  return fits ? parts.filter((_, i) => pattern[i] === '{}') : undefined
}
