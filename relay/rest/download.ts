import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { cleanMimeType } from '../../src/core/envelope/mime.ts'
import { contentRange, parseRange } from '../../src/core/range/http-range.ts'
import { contentDisposition } from '../../src/core/stream/disposition.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { manifestItem } from './answers.ts'
import type { Held } from '../held.ts'
import { goOn, heldWhole, manifestCidOf, meet } from './holdings.ts'
import type { Call } from './types.ts'

/** The bytes of a data set that is here whole. */
export async function download(call: Call): Promise<void> {
  await send(call, await heldWhole(call.parts, manifestCidOf(call.places[0]!)))
}

/** The bytes of a data set, fetched as they are sent; it stays, also where the client goes. */
export async function stream(call: Call): Promise<void> {
  const met = await meet(call, manifestCidOf(call.places[0]!))
  try {
    await goOn(call.parts, met)
    met.keep()
    await send(call, met)
  } finally {
    await met.end()
  }
}

/** Name and type come from strangers: they are cleaned here, and what a browser makes of them runs no script. */
function headOf({ record }: Held): Record<string, string> {
  const { cid, manifest } = manifestItem(record)
  const { filename, mimetype } = manifest
  return {
    'Content-Type': cleanMimeType(mimetype ?? '') || 'application/octet-stream',
    'Content-Disposition': filename === null ? 'attachment' : contentDisposition('attachment', filename),
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
    'ETag': `"${cid}"`
  }
}

async function send({ request, response, signal }: Call, holding: Held): Promise<void> {
  const head = headOf(holding)
  const sizeBytes = manifestItem(holding.record).manifest.datasetSize
  const tags = request.headers['if-none-match']
  if (tags === '*' || tags?.includes(head['ETag']!)) return void response.writeHead(304, head).end()
  const ifRange = request.headers['if-range']
  const range = parseRange(ifRange === undefined || ifRange === head['ETag'] ? request.headers.range : null, sizeBytes)
  if (range.type === 'unsatisfiable') {
    return void response.writeHead(416, { ...head, 'Content-Range': contentRange(range, sizeBytes) }).end()
  }
  const { start, end } = range.type === 'part' ? range : { start: 0, end: sizeBytes }
  const partly = range.type === 'part' ? { 'Content-Range': contentRange(range, sizeBytes) } : {}
  response.writeHead(range.type === 'part' ? 206 : 200, { ...head, ...partly, 'Content-Length': end - start })
  if (request.method === 'HEAD') return void response.end()
  if (!holding.record.complete) response.flushHeaders() // the first bytes may be long in coming
  const failed = new AbortController()
  const stop = whenFailed(holding, () => failed.abort())
  // Many read at once: none of them has more in memory than what is on its way to its client, and what comes next.
  const body = Readable.fromWeb(holding.item.read(0, start, end) as NodeStream, { highWaterMark: 0 })
  await pipeline(body, response, { signal: AbortSignal.any([signal, failed.signal]) }).finally(stop)
}

/** Nothing more comes of what failed meanwhile: who waits for it is not to wait on. Returns how to stop. */
function whenFailed({ item, record }: Held, tell: () => void): () => void {
  if (record.complete) return () => undefined
  const look = ({ state }: ItemView) => {
    if (state === 'error') tell()
  }
  look(item.peek())
  return item.subscribe(look)
}
