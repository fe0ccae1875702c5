import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relayStopMs } from '../src/core/limits.ts'
import { ensurePage } from './build.ts'
import { readConfig } from './config.ts'
import { jsonLog, silence } from './log.ts'
import { startRelay } from './relay.ts'

/** Relay and page from one process on one port, until SIGINT or SIGTERM. Prints one line when it answers. */
const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function main(): Promise<void> {
  const config = readConfig(process.env, process.argv.slice(2))
  // The port first: what is wrong with it shows at once, not after a build.
  const relay = await startRelay(config, join(root, 'dist'), config.log ? jsonLog : silence)
  await ensurePage(root)
  const { url, stun, peerId } = relay
  console.log(config.json ? JSON.stringify({ url, stun, peerId }) : `Quire is at ${url}`)
  const stop = () => {
    setTimeout(() => process.exit(0), relayStopMs).unref()
    relay.stop().then(
      () => process.exit(0),
      () => process.exit(1)
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
