import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addAbortSignal, type Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { randomUUID } from 'node:crypto'
import { spoolAheadBytesMax } from '../../src/core/limits.ts'
import type { FileSource } from '../../src/engine/types.ts'
import type { Turns } from './turns.ts'

/** A body on its way to the disk, until it is disposed. */
export interface Spooling extends AsyncDisposable {
  /** Resolves with its size when all of it is on disk. @throws BodyTooLong, and what broke it off */
  readonly whole: Promise<number>
  /** It as a file to add, also while it still comes: who reads waits until that is here, and for a turn. */
  source(name: string, mimeType: string, sizeBytes: number): FileSource
}

/** More came than may be kept. */
export class BodyTooLong extends Error {}

interface SpoolOptions {
  readonly folder: string
  readonly mostBytes: number
  /** Says that nobody sends it any more. */
  readonly signal: AbortSignal
  /** Of all bodies, one for each segment that is read. */
  readonly turns: Turns
}

/** Writes a body to disk as it comes. */
export async function spool(body: Readable, options: SpoolOptions): Promise<Spooling> {
  const { folder, mostBytes, signal, turns } = options
  const path = join(folder, randomUUID())
  const handle = await open(path, 'wx+', 0o600)
  let writtenBytes = 0
  let hasEnded = false
  /** Of whoever reads ahead of what is written: made anew with each write, so that nothing gathers while a body comes. */
  let wake = Promise.withResolvers<void>()
  const write = async (chunks: readonly Buffer[]): Promise<void> => {
    const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    if (writtenBytes + sizeBytes > mostBytes) throw new BodyTooLong()
    const { bytesWritten } = await handle.writev(chunks, writtenBytes)
    if (bytesWritten < sizeBytes) throw new BodyTooLong() // the disk is full
    writtenBytes += sizeBytes
    wake.resolve()
    wake = Promise.withResolvers()
  }
  const file = new Writable({
    highWaterMark: spoolAheadBytesMax,
    write: (chunk: Buffer, _encoding, done) => void write([chunk]).then(() => done(), done),
    writev: (waiting, done) => void write(waiting.map(({ chunk }) => chunk as Buffer)).then(() => done(), done)
  })
  // Its end must not be that of the request, which is still to be answered.
  body.pipe(file)
  const whole = finished(addAbortSignal(signal, file)).then(() => writtenBytes)
  const ended = () => {
    hasEnded = true
    wake.resolve()
  }
  whole.then(ended, ended) // whoever waits for it is told; nobody may
  const arrived = async (end: number): Promise<void> => {
    while (writtenBytes < end) {
      if (hasEnded && (await whole) < end) throw new BodyTooShort()
      await wake.promise
    }
  }
  return {
    whole,
    source: (name, mimeType, sizeBytes) => ({
      path: name,
      sizeBytes,
      mimeType,
      modifiedAtMs: 0,
      readsFresh: true,
      async whenReadable(end) {
        await arrived(end) // before its turn: who sends slowly holds up nobody
        return turns.take()
      },
      async read(start, end) {
        const bytes = new Uint8Array(end - start)
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
        return bytes.subarray(0, bytesRead)
      }
    }),
    async [Symbol.asyncDispose]() {
      body.unpipe(file)
      file.destroy()
      await handle.close()
      await rm(path, { force: true })
    }
  }
}

/** Less came than was announced. */
class BodyTooShort extends Error {}

/** Uploads that a program before did not end. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true, recursive: true })
}
