import type { IncomingMessage, ServerResponse } from 'node:http'
import { QuireError } from '../../src/core/errors.ts'
import { restHeadBytesMax, restHeadTimeoutMs, restIdleMs } from '../../src/core/limits.ts'
import { listenHttp } from '../listening.ts'
import type { Log } from '../log.ts'
import type { TlsFiles } from '../tls.ts'
import { sendJson, sendText } from './answers.ts'
import { admit, allowPage, answerPreflight, type GateOptions } from './gate.ts'
import { openApi } from './openapi.ts'
import { RestRefusal } from './refusal.ts'
import { findRoute } from './routes.ts'
import type { RestParts } from './types.ts'

export interface RestOptions extends GateOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  /** How long a connection may be silent; 0: without end. */
  readonly idleMs?: number
}

export interface RestServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** The HTTP API of a Codex node over an engine. @throws PortTaken, CannotListen, BadCertificate */
export async function serveRest(parts: RestParts, options: RestOptions, log: Log): Promise<RestServer> {
  const { host, tls, idleMs = restIdleMs } = options
  const listening = await listenHttp((request, response) => void respond(parts, options, log, request, response), {
    ...options,
    log,
    bounds: { maxHeaderSize: restHeadBytesMax, headersTimeout: restHeadTimeoutMs, requestTimeout: 0 },
    // A body may take hours, but not be silent for long.
    prepare: (server) => server.setTimeout(idleMs)
  })
  const name = host.includes(':') ? `[${host}]` : host
  const { port } = listening
  return { url: `${tls ? 'https' : 'http'}://${name}:${port}`, port, close: () => listening.close() }
}

async function respond(
  parts: RestParts,
  options: RestOptions,
  log: Log,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    allowPage(request, response, options.origins)
    admit(request, options)
    await answer(parts, request, response, gone.signal)
  } catch (error) {
    if (!(error instanceof RestRefusal) && !gone.signal.aborted) log('request-failed', {})
    refuse(response, error)
  }
}

async function answer(
  parts: RestParts,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal
): Promise<void> {
  const method = request.method ?? 'GET'
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  if (path === '/api' && (method === 'GET' || method === 'HEAD')) return sendJson(response, openApi)
  const found = findRoute(method, decoded(path))
  if ('route' in found) {
    const { route, places } = found
    return route.handler({ request, response, places, query: new URLSearchParams(query), signal, parts })
  }
  if (found.allowed.length === 0) throw new RestRefusal(404, 'There is no such route.')
  if (method === 'OPTIONS') return answerPreflight(response, found.allowed)
  response.setHeader('Allow', [...new Set(found.allowed)].join(', '))
  throw new RestRefusal(405, 'This route has no such method.')
}

/** @throws RestRefusal for percent signs that make no sense */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new RestRefusal(400, 'This path makes no sense.')
  }
}

/** One plain sentence; never a stack, and nothing of the request that could be taken for markup. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  if (error instanceof RestRefusal) {
    if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
    return sendText(response, error.status, error.message)
  }
  const code = (error as { code?: string }).code
  const isFull = code === 'no-room' || code === 'store-full'
  const sentence = error instanceof QuireError || isFull ? (error as Error).message : 'Something went wrong here.'
  sendText(response, isFull ? 507 : 500, sentence)
}
