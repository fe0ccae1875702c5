import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/files.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Rivals live in a package of their own, so that they never weigh on Quire's install. */
export function installRivals(): void {
  if (['webtorrent', 'helia'].every((name) => existsSync(join(here, 'node_modules', name)))) return
  console.error('Installing what is compared with …')
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
}

/** A server of the benchmark's own. */
interface Served extends AsyncDisposable {
  readonly url: string
}

/** Serves the bare page, Helia's and WebTorrent's published bundle. */
export async function serveRivals(): Promise<Served> {
  const folder = await temporaryFolder('bench-rivals')
  const outDir = folder.path
  const { build } = await import('vite')
  await build({
    root: join(here, 'pages'),
    configFile: false,
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      outDir,
      emptyOutDir: true,
      rollupOptions: { input: ['bare', 'helia'].map((name) => join(here, 'pages', `${name}.html`)) }
    }
  })
  const fixed: Record<string, string> = {
    '/webtorrent.min.js': join(here, 'node_modules/webtorrent/dist/webtorrent.min.js'),
    '/rival.html': join(here, 'pages/rival.html')
  }
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]!
    const file = fixed[path] ?? join(outDir, path)
    if (!existsSync(file)) return void response.writeHead(404).end()
    const type = file.endsWith('.js') ? 'text/javascript' : 'text/html'
    response.writeHead(200, { 'Content-Type': type }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** A BitTorrent tracker for tabs. */
export async function serveTorrentTracker(): Promise<Served> {
  interface TrackerModule {
    default: new (options: object) => {
      http: { address(): AddressInfo }
      listen(port: number, host: string, done: () => void): void
      close(done: () => void): void
    }
  }
  const { default: Server } = (await import(join(here, 'node_modules/bittorrent-tracker/server.js'))) as TrackerModule
  const tracker = new Server({ udp: false, http: true, ws: true, stats: false })
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${tracker.http.address().port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => tracker.close(resolve))
  }
}
