import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { discardedBytesMax } from '../../src/core/limits.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { decodeManifest } from '../../src/core/manifest/manifest.ts'

const common = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' }

export function sendText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, { ...common, 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': body.length })
  response.write(body)
  endWhenSent(response)
}

/**
 * Ends an answer once the other end has sent all of its request, within bounds, which nobody reads: a connection that is
 * closed before takes with it the answer to whoever still sends. [RE4]
 */
function endWhenSent(response: ServerResponse): void {
  const { req: request } = response
  if (request.complete || request.destroyed) return void response.end()
  let left = discardedBytesMax
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
  request.once('close', () => response.end())
  request.resume()
}

export function sendJson(response: ServerResponse, value: object): void {
  const body = Buffer.from(JSON.stringify(value, undefined, 2))
  response.writeHead(200, { ...common, 'Content-Type': 'application/json', 'Content-Length': body.length })
  response.end(body)
}

/** JSON whose length is not known before; one who reads slowly makes it wait. */
export async function streamJson(response: ServerResponse, parts: AsyncIterable<string>): Promise<void> {
  response.writeHead(200, { ...common, 'Content-Type': 'application/json' })
  await pipeline(Readable.from(parts), response)
}

export function sendNothing(response: ServerResponse): void {
  response.writeHead(204, common).end()
}

/** A data set as clients of Codex read it; absent fields are null, and `protected` is always there. */
export interface ManifestItem {
  readonly cid: string
  readonly manifest: {
    readonly treeCid: string
    readonly datasetSize: number
    readonly blockSize: number
    readonly protected: false
    readonly filename: string | null
    readonly mimetype: string | null
  }
}

/** `record` has its manifest. */
export function manifestItem({ manifestCid, manifest }: ItemRecord): ManifestItem {
  const { treeCid, datasetBytes, blockBytes, fileName, mimeType } = decodeManifest(manifest!)
  return {
    cid: manifestCid!,
    manifest: {
      treeCid,
      datasetSize: datasetBytes,
      blockSize: blockBytes,
      protected: false,
      filename: fileName ?? null,
      mimetype: mimeType ?? null
    }
  }
}
