/**
 * `npm run dev`: the page from its sources, with hot reload, and a relay behind it. The page finds its relay where it
 * came from, so Vite hands on what is the relay's: its routes, and every WebSocket that is not Vite's own.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { readConfig } from './config.ts'
import { startRelay } from './relay.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const config = readConfig({ ...process.env, QUIRE_HOST: '127.0.0.1', QUIRE_PORT: '0' }, [])
const relay = await startRelay(config, join(root, 'dist'))
const target = `http://127.0.0.1:${relay.port}`

const page = await createServer({
  root,
  server: {
    proxy: {
      '/config.json': target,
      '/healthz': target,
      // Only sockets: a plain request for the page is Vite's.
      '^/$': { target, ws: true, bypass: (request, response) => (response ? request.url : undefined) }
    }
  }
})
await page.listen()
page.printUrls()

process.once('SIGINT', () => {
  void Promise.allSettled([page.close(), relay.stop()]).then(() => process.exit())
})
