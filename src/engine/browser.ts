import workerUrl from './worker.ts?worker&url'
import { lazyNetwork } from '../network/lazy.ts'
import { serveNetwork } from '../network/bridge.ts'
import { askedAhead } from '../network/relay-config.ts'
import { trustedWorkerUrl } from '../trusted-types.ts'
import { RemoteQuire } from './remote/client.ts'
import type { FromWorker, StartMessage } from './remote/protocol.ts'
import type { Quire } from './types.ts'

export interface PageOptions {
  /** Relays to meet others by, `https://…`; by default the one that served the page. */
  readonly relays?: readonly string[]
  /** Where links point; by default this page. */
  readonly origin?: string
  /** Peers learn no address of this browser: everything goes by way of relays, which is slower. */
  readonly relayOnly?: boolean
  /** Settles when the network is worth loading though nothing asks for it yet; by default it waits to be asked. */
  readonly connect?: Promise<unknown>
}

/**
 * Opens the library of this browser: the engine in a worker of its own, libp2p on the page's thread, loaded when
 * it is first needed. Rejects with the engine's error when it cannot start.
 */
export async function openPageQuire(options: PageOptions = {}): Promise<Quire> {
  const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module', name: 'quire' })
  const origin = options.origin ?? location.origin + location.pathname.replace(/\/(index\.html)?$/, '')
  const relays = options.relays ?? [origin]
  const loadNetwork = async () => {
    const askRelay = askedAhead(relays)
    const { createBrowserNetwork } = await import('../network/libp2p/browser.ts')
    return createBrowserNetwork({ relays, askRelay, relayOnly: options.relayOnly })
  }
  const network = lazyNetwork(loadNetwork, relays, 'RTCPeerConnection' in globalThis)
  const quire = new RemoteQuire((message) => worker.postMessage(message), network.status(), {
    usedBytes: 0,
    limitBytes: 0,
    freeBytes: 0,
    persisted: false,
    durable: true
  })
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => quire.receive(data)
  worker.onerror = ({ message }) => {
    // Only what a script throws has a message.
    const code = message ? 'worker-failed' : 'part-missing'
    quire.fail({ code, fault: 'ours', retryable: true, message: 'The engine stopped.', params: {} })
  }
  const { port1, port2 } = new MessageChannel()
  serveNetwork(network, port1)
  const start: StartMessage = { type: 'start', network: port2, origin }
  worker.postMessage(start, [port2])
  wakeWithThePage(quire)
  void options.connect?.then(() => network.start()).catch(() => undefined) // whoever needs it tries again
  await quire.ready
  keepForGood(quire)
  return quire
}

/** Whenever something is added, asks the browser not to clear what is kept when its disk fills: only a page may ask. */
function keepForGood(quire: RemoteQuire): void {
  let { length } = quire.library.peek()
  quire.library.subscribe((ids) => {
    const { durable, persisted } = quire.storage.peek()
    if (ids.length > length && durable && !persisted) void navigator.storage?.persist?.()
    ;({ length } = ids)
  })
}

/** A tab that was hidden, frozen or offline tries its relays at once when it is back. */
function wakeWithThePage(quire: Quire): void {
  const nudge = () => quire.nudge()
  addEventListener('online', nudge)
  addEventListener('pageshow', nudge)
  document.addEventListener('resume', nudge)
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && nudge())
}
