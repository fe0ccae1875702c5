import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pageHandler } from '../../relay/pages.ts'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { temporaryFolder } from '../support/files.ts'
import { startedKeeper, type StartedKeeper } from '../support/keeper.ts'
import type { RoundTrip } from '../support/sdk-page/main.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let browser: TestBrowser
let keeper: StartedKeeper
const server = createServer()
/** Two origins of one page. */
let allowed: string
let other: string

beforeAll(async () => {
  folder = await temporaryFolder('sdk-page')
  const outDir = join(folder.path, 'dist')
  await build({
    root: fileURLToPath(new URL('../support/sdk-page', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    build: { outDir, target: 'es2024', modulePreload: { polyfill: false } }
  })
  server.on('request', pageHandler(outDir, new Map()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  allowed = `http://127.0.0.1:${port}`
  other = `http://localhost:${port}`
  ;[browser, keeper] = await Promise.all([launchBrowser(), startedKeeper('--allow-origin', allowed)])
})

afterAll(async () => {
  await browser.close()
  await keeper[Symbol.asyncDispose]()
  server.closeAllConnections()
  server.close()
  await folder[Symbol.asyncDispose]()
})

/** What the page at an origin gets from the keeper by way of the SDK. */
async function roundTripAt(origin: string, text: string) {
  await browser.page.goto(origin)
  return browser.page.evaluate(
    ({ rest, given }) => (globalThis as unknown as { roundTrip: RoundTrip }).roundTrip(rest, given),
    { rest: keeper.keeper.rest, given: text }
  )
}

it('[RE9] [RE1] [RE5] the SDK of Codex stores, lists, reads and removes from a page of an allowed origin', async () => {
  const text = 'written in a page. '.repeat(8_000)
  const answers = await roundTripAt(allowed, text)
  const { cid } = answers
  expect(cid).toMatch(/^zDv/)
  expect(answers).toEqual({
    cid,
    listed: [[cid, 'page.txt']],
    local: text,
    streamed: text,
    sizeBytes: text.length,
    toldBytes: text.length,
    left: 0
  })
})

it('[RE9] a page of another origin gets nothing, and nothing of it is stored', async () => {
  await expect(roundTripAt(other, 'not for you')).rejects.toThrow('Something went wrong during the file upload')
  const list = (await (await fetch(`${keeper.base}/data`)).json()) as { content: unknown[] }
  expect(list.content).toEqual([])
})
