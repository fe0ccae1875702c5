import { createWriteStream } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { randomUUID } from 'node:crypto'
import type { FileSource } from '../../src/engine/types.ts'

/** A body that is whole on disk, until it is disposed. */
export interface Spooled extends AsyncDisposable {
  readonly sizeBytes: number
  /** It as a file to add. */
  source(name: string, mimeType: string): FileSource
}

/** More came than may be kept. */
export class BodyTooLong extends Error {}

/**
 * Writes a body to disk as it comes: where it breaks off, nothing of it has touched the library.
 * @throws BodyTooLong as soon as it has more than `mostBytes`
 */
export async function spool(body: Readable, folder: string, mostBytes: number, signal: AbortSignal): Promise<Spooled> {
  const path = join(folder, randomUUID())
  const dispose = () => rm(path, { force: true })
  let sizeBytes = 0
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length
      done(sizeBytes > mostBytes ? new BodyTooLong() : null, chunk)
    }
  })
  try {
    // Its end must not be that of the request, which is still to be answered.
    body.pipe(counting)
    await pipeline(counting, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
    const handle = await open(path)
    return {
      sizeBytes,
      source: (name, mimeType) => ({
        path: name,
        sizeBytes,
        mimeType,
        modifiedAtMs: 0,
        async read(start, end) {
          const bytes = new Uint8Array(end - start)
          let at = 0
          while (at < bytes.length) {
            const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at)
            if (bytesRead === 0) break
            at += bytesRead
          }
          return bytes.subarray(0, at)
        }
      }),
      async [Symbol.asyncDispose]() {
        await handle.close()
        await dispose()
      }
    }
  } catch (error) {
    body.unpipe(counting)
    await dispose()
    throw error
  }
}

/** Uploads that a program before did not end. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true, recursive: true })
}
