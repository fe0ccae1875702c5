import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, normalize, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { securityHeaders, typeOf } from './headers.ts'

export type JsonRoute = () => unknown

/**
 * Answers HTTP: a few JSON routes, and the built page from `root`. Files under `assets/` carry a hash in their name
 * and are kept by browsers for good; everything else is asked for again each time.
 */
export function pageHandler(root: string, routes: ReadonlyMap<string, JsonRoute>) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(root, routes, request, response).catch(() => fail(response, 500, 'Something went wrong here.'))
  }
}

async function answer(
  root: string,
  routes: ReadonlyMap<string, JsonRoute>,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(response, 405, 'Only GET and HEAD.')
  const path = pathOf(request.url ?? '/')
  if (path === undefined) return fail(response, 400, 'This address makes no sense.')
  const route = routes.get(path)
  if (route) return sendJson(response, route())
  await sendFile(root, path, request, response)
}

/** The decoded path, or undefined when it is malformed. */
function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.split('?', 1)[0]!)
  } catch {
    return undefined
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
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

async function sendFile(root: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = join(root, normalize(path === '/' ? '/index.html' : path))
  const within = file.startsWith(root + sep) && !path.includes('\0')
  const facts = within ? await stat(file).catch(() => undefined) : undefined
  if (!facts?.isFile()) return fail(response, 404, 'There is nothing here.')
  const kept = path.startsWith('/assets/')
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Type': typeOf(file),
    'Content-Length': facts.size,
    'Cache-Control': kept ? 'public, max-age=31536000, immutable' : 'no-cache'
  })
  if (request.method === 'HEAD') return void response.end()
  pipeline(createReadStream(file), response, () => undefined) // a reader that left is nobody's fault
}

function fail(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
