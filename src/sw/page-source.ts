import type { StreamAddress } from '../core/stream/address.ts'
import { PageGone, StreamFailed } from '../core/stream/errors.ts'
import type { StreamSubject } from '../core/stream/head.ts'
import { type FromStreamPage, readFromPage, type StreamOpening, type ToStreamPage } from '../core/stream/messages.ts'
import { streamPingMs, streamPingsMax } from '../core/limits.ts'

/** A page that can be asked; a `Client` of the service worker is one. */
export interface Page {
  postMessage(message: unknown, transfer: Transferable[]): void
}

/** What became of asking a page: it gives the bytes, has no such file, or never said anything. */
export type PageAnswer = PageSource | 'absent' | 'silent'

/** One page's readiness to give the bytes of one stream. Either `body` is called once, or `close`. */
export class PageSource {
  readonly subject: StreamSubject
  readonly #port: StreamPort

  constructor(port: StreamPort, subject: StreamSubject) {
    this.#port = port
    this.subject = subject
  }

  /** Bytes `[start, end)`, pulled from the page as they are pulled here. [SR9] [SR10] */
  body(start: number, end: number): ReadableStream<Uint8Array> {
    const port = this.#port
    let leftBytes = end - start
    port.send({ type: 'start', start, end })
    const endIfComplete = (controller: ReadableStreamDefaultController) => {
      if (leftBytes > 0) return
      port.close()
      controller.close()
    }
    return new ReadableStream<Uint8Array>({
      start: endIfComplete,
      async pull(controller) {
        try {
          const bytes = await port.nextChunk()
          if (bytes.length > leftBytes) throw new StreamFailed('too-many-bytes')
          leftBytes -= bytes.length
          controller.enqueue(bytes)
          endIfComplete(controller)
        } catch (error) {
          port.cancel()
          throw error
        }
      },
      cancel: () => port.cancel()
    })
  }

  close(): void {
    this.#port.cancel()
  }
}

/** Asks a page for a stream. [SR2] [SR11] */
export async function askPage(page: Page, { itemId, part, saveId }: StreamAddress): Promise<PageAnswer> {
  const { port1, port2 } = new MessageChannel()
  const port = new StreamPort(port1)
  const opening: StreamOpening = { type: 'quire-stream', itemId, part, ...(saveId === undefined ? {} : { saveId }) }
  page.postMessage(opening, [port2])
  try {
    const answer = await port.next()
    if (answer.type === 'subject') return new PageSource(port, { ...answer, tag: `${itemId}-${part}` })
    port.close()
    return 'absent'
  } catch {
    port.cancel()
    return 'silent'
  }
}

type Answer = Exclude<FromStreamPage, { type: 'pong' }>

/** The worker's end of a stream's port: one answer at a time, and pings for as long as it is open. */
class StreamPort {
  readonly #port: MessagePort
  readonly #pinging: ReturnType<typeof setInterval>
  #awaited = Promise.withResolvers<Answer>()
  #unanswered = 0

  constructor(port: MessagePort) {
    this.#port = port
    port.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(readFromPage(data))
    this.#pinging = setInterval(() => this.#ping(), streamPingMs)
    // A page can be gone while nobody waits for it.
    this.#awaited.promise.catch(() => undefined)
  }

  send(message: ToStreamPage): void {
    this.#port.postMessage(message)
  }

  /** The next answer; rejects with PageGone. */
  async next(): Promise<Answer> {
    const answer = await this.#awaited.promise
    this.#awaited = Promise.withResolvers<Answer>()
    this.#awaited.promise.catch(() => undefined)
    return answer
  }

  async nextChunk(): Promise<Uint8Array> {
    this.send({ type: 'pull' })
    const answer = await this.next()
    if (answer.type === 'chunk') return answer.bytes
    throw new StreamFailed(answer.type === 'failed' ? answer.code : 'unexpected-answer')
  }

  cancel(): void {
    this.send({ type: 'cancel' })
    this.close()
  }

  close(): void {
    clearInterval(this.#pinging)
    this.#port.close()
  }

  #receive(message: FromStreamPage | undefined): void {
    this.#unanswered = 0
    if (message && message.type !== 'pong') this.#awaited.resolve(message)
  }

  #ping(): void {
    if (this.#unanswered === streamPingsMax) {
      this.#awaited.reject(new PageGone())
      this.close()
    } else {
      this.#unanswered++
      this.send({ type: 'ping' })
    }
  }
}
