import { createReadStream } from 'node:fs'
import { request } from 'node:http'

/** A connection of its own for each request: of one kept from before the other side may be about to let go. */
const agent = false

/** Sends a file as a body, under a name where there is one; resolves with the answer's text. */
export function sendFile(url: string, path: string, name?: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const headers = name === undefined ? {} : { 'Content-Disposition': `attachment; filename="${name}"` }
  const asking = request(url, { method: 'POST', headers, agent }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.once('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))))
  })
  asking.once('error', reject)
  createReadStream(path).pipe(asking)
  return promise
}

/** Reads a body to its end. */
export function drain(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  request(url, { agent }, (response) => response.resume().once('end', resolve).once('error', reject))
    .once('error', reject)
    .end()
  return promise
}
