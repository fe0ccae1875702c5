import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** SHA-256 of a file in lower-case hex, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** SHA-256 of bytes in lower-case hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A new empty folder; `await using` removes it with all that is in it. */
export async function temporaryFolder(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `quire-${name}-`))
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) }
}

/** Removes a folder and what is in it; a process that is just ending may still write there, hence the retries. */
export function removeFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** Path of the first file in a folder that has reached this size: a download that has come whole. */
export async function fileIn(folder: string, sizeBytes: number): Promise<string> {
  const lateMs = performance.now() + 30_000
  while (performance.now() < lateMs) {
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const facts = await stat(path).catch(() => undefined)
      if (facts?.isFile() === true && facts.size === sizeBytes && !name.endsWith('.part')) return path
    }
    // Time: a browser that only a protocol drives tells nobody that a download is complete.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`No file of ${sizeBytes} bytes came to ${folder}; there is: ${(await readdir(folder)).join(', ')}`)
}
