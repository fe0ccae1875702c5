import { streamPath, type StreamPart } from '../core/stream/address.ts'
import { readOpening, type StreamOpening } from '../core/stream/messages.ts'
import type { SetId } from '../core/ids.ts'
import type { Quire } from '../engine/types.ts'
import { Answering } from './streaming/answering.ts'
import { sourceOf, type StreamSource } from './streaming/sources.ts'

/** How a save went: written to the disk, handed to the browser whole (which may still ask where to), or given up. */
export type SaveOutcome = 'saved' | 'handed' | 'declined'

/** A save that waits for the worker's question. */
export interface Offer {
  /** What the browser is to load, relative to the page's home. */
  readonly path: string
  /** When the last byte was handed over, or the browser let go; rejects when reading failed. */
  readonly outcome: Promise<SaveOutcome>
  /** Nobody will ask any more. */
  withdraw(): void
}

interface PendingOffer {
  readonly source: StreamSource
  settle(outcome: SaveOutcome): void
  fail(error: unknown): void
}

/** The page's side of streams: gives the service worker what it asks for. [SW rules in core/stream/SPEC.md] */
export class StreamHost {
  readonly #find: (opening: StreamOpening) => Promise<StreamSource | undefined>
  readonly #offers = new Map<string, PendingOffer>()

  constructor(find: (opening: StreamOpening) => Promise<StreamSource | undefined>) {
    this.#find = find
  }

  /** Makes a URL that only this page answers, and tells what becomes of it. [SR3] */
  offer(itemId: SetId, part: StreamPart, source: StreamSource): Offer {
    const saveId = crypto.randomUUID()
    const { promise, resolve, reject } = Promise.withResolvers<SaveOutcome>()
    this.#offers.set(saveId, { source, settle: resolve, fail: reject })
    return {
      path: streamPath({ itemId, part, download: true, saveId }, source.name),
      outcome: promise,
      withdraw: () => this.#offers.delete(saveId)
    }
  }

  /** Answers one question of the worker on `port`; `keepAlive` is called for each of its pings. */
  answer(opening: StreamOpening, port: MessagePort, keepAlive: () => void): void {
    const { saveId } = opening
    if (saveId === undefined) {
      new Answering(port, this.#find(opening), keepAlive)
      return
    }
    const offer = this.#offers.get(saveId)
    this.#offers.delete(saveId)
    new Answering(port, Promise.resolve(offer?.source), keepAlive, {
      complete: () => offer?.settle('handed'),
      cancelled: () => offer?.settle('declined'),
      failed: (error) => offer?.fail(error)
    })
  }
}

/** Answers the service worker's questions about the library of `ready`, from now on. */
export function serveStreams(ready: Promise<Quire>, container: ServiceWorkerContainer | undefined): StreamHost {
  const host = new StreamHost(async (opening) => sourceOf(await ready, opening))
  container?.addEventListener('message', ({ data, ports, source }: MessageEvent<unknown>) => {
    const opening = readOpening(data)
    const [port] = ports
    if (opening && port) host.answer(opening, port, () => source?.postMessage({ type: 'keep-alive' }))
  })
  container?.startMessages()
  return host
}
