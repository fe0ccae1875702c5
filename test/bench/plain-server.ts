/** A plain HTTP server that writes what it is sent to the file that is named, and sends that; prints its port. */
import { createReadStream, createWriteStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'

const path = process.argv[2]!

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') return pipeline(createReadStream(path), response)
  await pipeline(request, createWriteStream(path, { flush: true }))
  response.end('stored')
}

const server = createServer((request, response) => void answer(request, response))
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
