import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { isLoopback } from '../keeper-config.ts'
import { RestRefusal } from './refusal.ts'

export interface GateOptions {
  readonly token?: string
  /** Clients are asked for certificates, which are as good as the token. */
  readonly asksCertificates: boolean
  /** Origins of web pages that may use the API. */
  readonly origins: readonly string[]
  /** Others than this machine reach it, by names that nobody here knows; token or certificate is what they need. */
  readonly anyHost: boolean
}

/**
 * Whether a request may be answered at all. Any web page can send simple requests to this machine, and by a name that
 * it makes point here it can read the answers too: so the origin and the host that a browser names must be allowed.
 * What a page only shows, or leads to, comes without an origin, and says by its site alone that a page asked. [RE9]
 * @throws RestRefusal
 */
export function admit(request: IncomingMessage, options: GateOptions): void {
  const { origin, host = '', 'sec-fetch-site': site = 'none' } = request.headers
  if (!options.anyHost && !isLoopback(nameOf(host))) {
    throw new RestRefusal(403, 'This API answers to localhost alone: the Host of this request is another.')
  }
  const isAllowed = origin === undefined ? ownSites.includes(site) : options.origins.includes(origin)
  if (!isAllowed) throw new RestRefusal(403, 'Pages of this origin may not use this API; --allow-origin lets them.')
  if (request.method === 'OPTIONS') return // browsers send no token with a preflight, and learn nothing by it
  const isOpen = options.token === undefined && !options.asksCertificates
  if (!isOpen && !isKnown(request, options)) throw new RestRefusal(401, wantedOf(options))
}

/** What browsers say where no page of another origin asks: a person who typed the address, or this origin itself. */
const ownSites: readonly unknown[] = ['none', 'same-origin']

/** By a certificate that the CA signed, or by the token. [RE12] */
function isKnown({ socket, headers }: IncomingMessage, { token, asksCertificates }: GateOptions): boolean {
  if (asksCertificates && isCertified(socket as TLSSocket)) return true
  return token !== undefined && isToken(headers.authorization, token)
}

/** Some versions of Node call a TLS session authorized that is taken up again and never had a certificate (nodejs/node#35317). */
const isCertified = (socket: TLSSocket): boolean => socket.authorized && socket.getPeerX509Certificate() !== undefined

function wantedOf({ token, asksCertificates }: GateOptions): string {
  const certificate = asksCertificates ? 'a certificate of the client, signed by who signs them for this keeper' : ''
  const bearer = token === undefined ? '' : 'a token, as in "Authorization: Bearer TOKEN"'
  return `This API takes ${[certificate, bearer].filter(Boolean).join(', or ')}.`
}

/** Tells an allowed page what it may do and read. */
export function allowPage({ headers }: IncomingMessage, response: ServerResponse, origins: readonly string[]): void {
  if (origins.length === 0) return
  response.setHeader('Vary', 'Origin')
  const { origin } = headers
  if (origin === undefined || !origins.includes(origin)) return
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Expose-Headers', exposed)
}

const exposed = 'content-disposition, content-length, content-range, accept-ranges, etag'

export function answerPreflight(response: ServerResponse, methods: readonly string[]): void {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': [...new Set([...methods, 'OPTIONS'])].join(', '),
    'Access-Control-Allow-Headers': 'content-type, content-disposition, authorization, range',
    'Access-Control-Max-Age': '86400'
  })
  response.end()
}

/** A Host without its port, and an IPv6 address without brackets. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()

/** Clients send it as Bearer, those of Codex as Basic. */
function isToken(header: string | undefined, token: string): boolean {
  const [, given = ''] = /^(?:Bearer|Basic) +(\S+)$/i.exec(header ?? '') ?? []
  return timingSafeEqual(digestOf(given), digestOf(token))
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
