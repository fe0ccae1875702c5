import { chmod, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { type BrowserOptions, launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { buildPageInto } from '../support/build-page.ts'
import { temporaryFolder } from '../support/files.ts'
import { tell } from './measure.ts'

/** The page as it is delivered, behind a relay of its own. */
export interface Site extends AsyncDisposable {
  readonly url: string
  readonly relay: RunningRelay
}

let built: Promise<string> | undefined

export async function serveSite(): Promise<Site> {
  built ??= buildOnce()
  const pageDir = await built
  const data = await temporaryFolder('bench-relay')
  const relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: data.path, json: false }, pageDir)
  return {
    url: `http://127.0.0.1:${relay.port}`,
    relay,
    async [Symbol.asyncDispose]() {
      await relay.stop()
      await data[Symbol.asyncDispose]()
    }
  }
}

async function buildOnce(): Promise<string> {
  tell('building the page')
  const { path } = await temporaryFolder('bench-page')
  buildPageInto(path)
  return path
}

/** As people's run, which are not root's: those of root give their network and audio threads a priority. */
export const asPeoples: BrowserOptions = { asNobody: true, whole: true }

/** Two browsers: who sends and who receives. */
export interface Pair extends AsyncDisposable {
  readonly sender: TestBrowser
  readonly receiver: TestBrowser
}

export async function openPair(differing: BrowserOptions = {}): Promise<Pair> {
  const options = { whole: true, ...differing }
  const [sender, receiver] = await Promise.all([launchBrowser(options), launchBrowser(options)])
  return {
    sender,
    receiver,
    async [Symbol.asyncDispose]() {
      await Promise.all([sender.close(), receiver.close()])
    }
  }
}

/** A file, or a folder; gone when it is disposed. */
interface Placed extends AsyncDisposable {
  readonly path: string
}

/** A file of bytes that nothing can shorten. */
export async function bigFile(sizeBytes: number): Promise<Placed> {
  const folder = await readableFolder()
  const path = join(folder.path, 'bench.bin')
  const file = await open(path, 'w')
  const part = new Uint8Array(4 * 1024 * 1024)
  for (let done = 0; done < sizeBytes; done += part.length) {
    fillRandomly(part)
    await file.write(part, 0, Math.min(part.length, sizeBytes - done))
  }
  await file.close()
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A folder of such files, a hundred in each of its folders. */
export async function manyFiles(count: number, sizeBytes: number): Promise<Placed> {
  const folder = await readableFolder()
  const path = join(folder.path, 'book')
  const page = new Uint8Array(sizeBytes)
  for (let i = 0; i < count; i++) {
    const part = join(path, `part ${Math.floor(i / 100)}`)
    if (i % 100 === 0) await mkdir(part, { recursive: true })
    fillRandomly(page)
    await writeFile(join(part, `page ${i}.bin`), page)
  }
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A browser that is not root's reads there too. */
async function readableFolder(): Promise<Placed> {
  const folder = await temporaryFolder('bench-file')
  await chmod(folder.path, 0o755)
  return folder
}

/** One call gives so much at most. */
const randomBytesMax = 65_536

function fillRandomly(bytes: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < bytes.length; at += randomBytesMax) {
    crypto.getRandomValues(bytes.subarray(at, at + randomBytesMax))
  }
}
