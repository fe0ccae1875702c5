import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { SourceChanged } from '../src/engine/content.ts'
import type { FileSource } from '../src/engine/types.ts'
import { CannotRead } from './errors.ts'

/** Types that a program knows by their ending; others travel without one. */
const mimeTypes: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.html': 'text/html',
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.zip': 'application/zip',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.svg': 'image/svg+xml',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
  '.wav': 'audio/wav',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm'
}

export const mimeTypeOf = (name: string): string => mimeTypes[extname(name).toLowerCase()] ?? ''

/** The files of paths given on a command line; folders with all that is in them, links left out. */
export async function sourcesOf(paths: readonly string[]): Promise<DiskSource[]> {
  const sources: DiskSource[] = []
  for (const path of paths) await collect(path, basename(join(path)), sources)
  return sources
}

async function collect(path: string, place: string, sources: DiskSource[]): Promise<void> {
  try {
    const facts = await lstat(path)
    if (facts.isFile()) sources.push(new DiskSource(path, place, facts.size, facts.mtimeMs))
    if (!facts.isDirectory()) return
    for (const name of (await readdir(path)).sort()) await collect(join(path, name), `${place}/${name}`, sources)
  } catch (cause) {
    throw cause instanceof CannotRead ? cause : new CannotRead(path, { cause })
  }
}

/** A file on disk; opened when it is first read, checked for change at every read. */
export class DiskSource implements FileSource {
  readonly path: string
  readonly sizeBytes: number
  readonly mimeType: string
  readonly modifiedAtMs: number
  readonly readsFresh = true
  readonly #file: string
  #handle: Promise<FileHandle> | undefined
  /** Several parts are read side by side, the last not always at last. */
  #readers = 0
  #isReadToEnd = false

  constructor(file: string, path: string, sizeBytes: number, modifiedAtMs: number) {
    this.#file = file
    this.path = path
    this.sizeBytes = sizeBytes
    this.mimeType = mimeTypeOf(path)
    this.modifiedAtMs = modifiedAtMs
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    this.#readers++
    try {
      this.#handle ??= open(this.#file, 'r')
      const handle = await this.#handle
      const bytes = new Uint8Array(end - start)
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      const { size, mtimeMs } = await handle.stat()
      if (size !== this.sizeBytes || mtimeMs !== this.modifiedAtMs) throw new SourceChanged(this.path)
      this.#isReadToEnd ||= end >= this.sizeBytes
      return bytes.subarray(0, filled)
    } catch (cause) {
      this.#isReadToEnd = true // nobody reads on
      throw cause instanceof SourceChanged ? cause : new SourceChanged(this.path, { cause })
    } finally {
      if (--this.#readers === 0 && this.#isReadToEnd) await this.#close()
    }
  }

  /** A folder of many files must not keep them all open. */
  async #close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.then((opened) => opened.close()).catch(() => undefined) // what did not open need not be closed
  }
}
