/**
 * WebTorrent's page, a tracker for it, and a TCP stream without an end at `/endless`: what `long-paths.ts` compares with.
 * Run on the internet of a lab; prints a line of JSON with both ports.
 */
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const bench = join(import.meta.dirname, '../bench')
const files: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/rival.html': [join(bench, 'pages/rival.html'), 'text/html'],
  '/webtorrent.min.js': [join(bench, 'node_modules/webtorrent/dist/webtorrent.min.js'), 'text/javascript']
}
const server = createServer((request, response) => {
  const path = (request.url ?? '/').split('?')[0]!
  const [file, type] = path === '/endless' ? ['/dev/zero', 'application/octet-stream'] : (files[path] ?? [])
  if (file === undefined || !existsSync(file)) return void response.writeHead(404).end()
  createReadStream(file)
    .on('error', () => response.destroy())
    .pipe(response.writeHead(200, { 'Content-Type': type }))
})
await new Promise<void>((resolve) => server.listen(8100, '0.0.0.0', resolve))

interface TrackerModule {
  default: new (options: object) => { listen(port: number, host: string, done: () => void): void }
}
const { default: Tracker } = (await import(join(bench, 'node_modules/bittorrent-tracker/server.js'))) as TrackerModule
const tracker = new Tracker({ udp: false, http: true, ws: true, stats: false })
await new Promise<void>((resolve) => tracker.listen(8101, '0.0.0.0', resolve))
console.log(JSON.stringify({ page: (server.address() as AddressInfo).port, tracker: 8101 }))
