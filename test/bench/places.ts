import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { type TestBrowser, launchBrowser } from '../support/browsers.ts'
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

/** Two browsers: who sends and who receives. */
export interface Pair extends AsyncDisposable {
  readonly sender: TestBrowser
  readonly receiver: TestBrowser
}

export async function openPair(): Promise<Pair> {
  const [sender, receiver] = await Promise.all([launchBrowser(), launchBrowser()])
  return {
    sender,
    receiver,
    async [Symbol.asyncDispose]() {
      await Promise.all([sender.close(), receiver.close()])
    }
  }
}

/** A file of bytes that nothing can shorten; gone with its folder when it is disposed. */
export async function bigFile(sizeBytes: number): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder('bench-file')
  await mkdir(folder.path, { recursive: true })
  const path = join(folder.path, 'bench.bin')
  const file = await open(path, 'w')
  const part = new Uint8Array(4 * 1024 * 1024)
  for (let done = 0; done < sizeBytes; done += part.length) {
    for (let at = 0; at < part.length; at += 65_536) crypto.getRandomValues(part.subarray(at, at + 65_536))
    await file.write(part, 0, Math.min(part.length, sizeBytes - done))
  }
  await file.close()
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}
