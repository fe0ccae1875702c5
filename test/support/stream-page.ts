import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { pageHandler } from '../../relay/pages.ts'
import { serviceWorker } from '../../src/sw/vite-plugin.ts'
import { removeFolder } from './files.ts'

const pageRoot = fileURLToPath(new URL('stream-page', import.meta.url))
const publicDir = fileURLToPath(new URL('../../public', import.meta.url))

/** A page that streams and saves files that are made up, served with the headers of the real one. */
export interface ServedStreamPage extends AsyncDisposable {
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[]
  /** Answers these paths with an error until it is told otherwise. */
  refuse(isRefused: (path: string) => boolean): void
  /** Builds it once more, as a version that differs. */
  renew(version: string): Promise<void>
  /** No network from now on. */
  stop(): Promise<void>
}

export async function serveStreamPage(): Promise<ServedStreamPage> {
  const outDir = await mkdtemp(join(tmpdir(), 'quire-streams-'))
  await buildPage(outDir, 'first')
  const asked: string[] = []
  const answer = pageHandler(outDir, new Map())
  let isRefused: (path: string) => boolean = () => false
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (isRefused(request.url ?? '')) response.writeHead(503).end()
    else answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => close(server)
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    asked,
    refuse: (paths) => (isRefused = paths),
    renew: (version) => buildPage(outDir, version),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      await removeFolder(outDir)
    }
  }
}

async function buildPage(outDir: string, version: string): Promise<void> {
  await build({
    root: pageRoot,
    configFile: false,
    publicDir,
    logLevel: 'error',
    mode: 'production',
    // Under a test runner NODE_ENV would make it a page for developing.
    define: { 'import.meta.env.DEV': 'false' },
    plugins: [
      serviceWorker(),
      { name: 'version', transformIndexHtml: (html) => html.replace('<body>', `<body data-version="${version}">`) }
    ],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      modulePreload: { polyfill: false },
      reportCompressedSize: false
    }
  })
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
