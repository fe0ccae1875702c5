/// <reference lib="webworker" />
import { reportOf } from '../core/errors.ts'
import { remoteNetwork } from '../network/bridge.ts'
import { openBrowserStores } from './browser-stores.ts'
import { QuireEngine } from './engine.ts'
import { EngineHost } from './remote/host.ts'
import type { CallMessage, FromWorker, StartMessage, ToWorker } from './remote/protocol.ts'

/** The engine's worker: exchange, hashing, encryption and storage live here, away from the page's thread. */
declare const self: DedicatedWorkerGlobalScope

const post = (message: FromWorker, transfer: Transferable[] = []) => self.postMessage(message, transfer)
let host: EngineHost | undefined
const early: CallMessage[] = []

async function start({ network, origin }: StartMessage): Promise<void> {
  const stores = await openBrowserStores()
  const engine = await QuireEngine.open({ ...stores, network: remoteNetwork(network), origin, role: 'tab' })
  host = new EngineHost(engine, post)
  host.start()
  for (const call of early.splice(0)) void host.handle(call)
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') start(data).catch((error) => post({ type: 'broken', report: reportOf(error) }))
  else if (host) void host.handle(data)
  else early.push(data)
}
