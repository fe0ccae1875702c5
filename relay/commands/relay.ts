import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relayStopMs } from '../../src/core/limits.ts'
import { ensurePage } from '../build.ts'
import { readConfig } from '../config.ts'
import { jsonLog, silence } from '../log.ts'
import { startRelay } from '../relay.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Relay and page from one process on one port, until SIGINT or SIGTERM. Prints one line when it answers. */
export async function relayCommand(args: readonly string[]): Promise<void> {
  const config = readConfig(process.env, args)
  // The port first: what is wrong with it shows at once, not after a build.
  const relay = await startRelay(config, join(root, 'dist'), config.log ? jsonLog(config.logIds === true) : silence)
  await ensurePage(root)
  const { url, stun = null, turn = null, direct, peerId } = relay
  console.log(config.json ? JSON.stringify({ url, stun, turn, direct, peerId }) : `Quire is at ${url}`)
  const signal = await stopSignal()
  // Who stops it by hand waits for nobody; a machine's keeper gives people time to go elsewhere.
  if (signal === 'SIGTERM') await Promise.race([relay.drain((config.drainSeconds ?? 0) * 1000), stopSignal()])
  setTimeout(() => process.exit(0), relayStopMs).unref()
  await relay.stop()
  process.exit(0)
}

function stopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve)
  return promise
}
