import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, normalize, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { contentRange, parseRange } from '../src/core/range/http-range.ts'
import { securityHeaders, typeOf } from './headers.ts'
import { Packed, takesGzip } from './packed.ts'

/** An answer as it is sent, to nobody but who asked: pages from elsewhere do not see it. */
export class Reply {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.type = type
    this.body = body
    this.headers = headers
  }
}

/** What a path answers with: a Reply, or an object as JSON for any page; undefined while it is not known yet. */
export type Route = (request: IncomingMessage) => Reply | object | undefined

/** Called for each request; false where its sender sends too many. */
export type Gate = (request: IncomingMessage) => boolean

/**
 * Answers HTTP: a few routes, and the built page from `pageDir`. Files under `assets/` carry a hash in their name
 * and are kept by browsers for good; everything else is asked for again each time.
 */
export function pageHandler(pageDir: string, routes: ReadonlyMap<string, Route>, mayAsk: Gate = () => true) {
  const root = resolve(pageDir)
  const packed = new Packed()
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (!mayAsk(request)) {
      response.setHeader('Retry-After', '5')
      return fail(response, 429, 'That is too many requests. Wait a moment.')
    }
    answer({ root, packed }, routes, request, response).catch(() => fail(response, 500, 'Something went wrong here.'))
  }
}

/** The folder of the page. */
interface Folder {
  readonly root: string
  readonly packed: Packed
}

async function answer(
  { root, packed }: Folder,
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return fail(response, 405, 'Only GET and HEAD.')
  }
  const path = pathOf(request.url ?? '/')
  if (path === undefined) return fail(response, 400, 'This address makes no sense.')
  const route = routes.get(path)
  if (route) return sendRoute(response, route(request))
  const file = join(root, normalize(path === '/' ? '/index.html' : path))
  const facts = file.startsWith(root + sep) ? await stat(file).catch(() => undefined) : undefined
  if (!facts?.isFile()) return fail(response, 404, 'There is nothing here.')
  await sendFile({ file, facts, isHashed: path.startsWith('/assets/'), packed }, request, response)
}

/** The decoded path, or undefined when it is malformed. */
function pathOf(url: string): string | undefined {
  try {
    const path = decodeURIComponent(url.split('?', 1)[0]!)
    return path.startsWith('/') && !path.includes('\0') ? path : undefined
  } catch {
    return undefined
  }
}

function sendRoute(response: ServerResponse, value: Reply | object | undefined): void {
  if (value instanceof Reply) {
    const { status, type, body, headers } = value
    response.writeHead(status, { ...securityHeaders, 'Content-Type': type, 'Cache-Control': 'no-store', ...headers })
    return void response.end(body)
  }
  if (!value) return fail(response, 503, 'This relay is just starting.')
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    // A page from another host may meet others through this relay.
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin'
  })
  response.end(JSON.stringify(value))
}

interface Sent {
  readonly file: string
  readonly facts: Stats
  readonly isHashed: boolean
  readonly packed: Packed
}

async function sendFile(
  { file, facts: { size, mtimeMs }, isHashed, packed }: Sent,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  const tag = `W/"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`
  const type = typeOf(file)
  const isWorth = packed.isWorth(type, size)
  const head = {
    ...securityHeaders,
    'Content-Type': type,
    'Cache-Control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Accept-Ranges': 'bytes',
    'ETag': tag,
    ...(isWorth && { Vary: 'Accept-Encoding' })
  }
  if (request.headers['if-none-match'] === tag) return void response.writeHead(304, head).end()
  // A part is one of the file as it is.
  if (isWorth && request.headers.range === undefined && takesGzip(request.headers)) {
    const body = await packed.bodyOf(file, tag)
    response.writeHead(200, { ...head, 'Content-Encoding': 'gzip', 'Content-Length': body.length })
    return void response.end(request.method === 'HEAD' ? undefined : body)
  }
  const range = parseRange(request.headers.range, size)
  if (range.type === 'unsatisfiable') {
    return void response.writeHead(416, { ...head, 'Content-Range': contentRange(range, size) }).end()
  }
  const { start, end } = range.type === 'part' ? range : { start: 0, end: size }
  const partly = range.type === 'part' ? { 'Content-Range': contentRange(range, size) } : {}
  response.writeHead(range.type === 'part' ? 206 : 200, { ...head, ...partly, 'Content-Length': end - start })
  if (request.method === 'HEAD' || end === start) return void response.end()
  // A reader that left is nobody's fault.
  pipeline(createReadStream(file, { start, end: end - 1 }), response, () => undefined)
}

function fail(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
