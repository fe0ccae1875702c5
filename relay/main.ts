import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkNode } from './node-version.ts'

/** `npm start`: relay and page from one process on one port. */
const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function main(): Promise<void> {
  checkNode()
  const { readConfig } = await import('./config.ts')
  const { ensurePage } = await import('./build.ts')
  const { startRelay } = await import('./relay.ts')
  const config = readConfig(process.env, process.argv.slice(2))
  const relay = await startRelay(config, await ensurePage(root))
  const { url, stun, peerId } = relay
  console.log(config.json ? JSON.stringify({ url, stun, peerId }) : `Quire is at ${url}`)
  const stop = () => {
    setTimeout(() => process.exit(0), stopTimeoutMs).unref()
    relay.stop().then(
      () => process.exit(0),
      () => process.exit(1)
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

/** Connections that do not end within this are cut. */
const stopTimeoutMs = 1_500

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
