import { streamPingMs, streamPingsMax } from '../../core/limits.ts'
import { reportOf } from '../../core/errors.ts'
import { StreamFailed } from '../../core/stream/errors.ts'
import { type FromStreamPage, readFromWorker } from '../../core/stream/messages.ts'
import type { StreamSource } from './sources.ts'

/** What became of one stream: exactly one of these is called, once. */
export interface StreamWatch {
  /** The last byte was handed over. */
  complete(): void
  cancelled(): void
  failed(error: unknown): void
}

const unwatched: StreamWatch = { complete: () => {}, cancelled: () => {}, failed: () => {} }

/** One stream as the page gives it: a chunk for each pull, until it is complete, cancelled or failed. [SR9] to [SR11] */
export class Answering {
  readonly #port: MessagePort
  readonly #watch: StreamWatch
  readonly #keepAlive: () => void
  readonly #watching: ReturnType<typeof setInterval>
  #source: StreamSource | undefined
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #leftBytes = 0
  #silentTurns = 0
  #over = false

  constructor(
    port: MessagePort,
    source: Promise<StreamSource | undefined>,
    keepAlive: () => void,
    watch: StreamWatch = unwatched
  ) {
    this.#port = port
    this.#watch = watch
    this.#keepAlive = keepAlive
    this.#watching = setInterval(() => this.#look(), streamPingMs)
    port.onmessage = ({ data }: MessageEvent<unknown>) => this.#receive(data)
    source.then(
      (found) => this.#present(found),
      (error: unknown) => this.#fail(error)
    )
  }

  #present(source: StreamSource | undefined): void {
    if (this.#over) return
    if (!source) {
      this.#send({ type: 'absent' })
      this.#finish()
      return
    }
    this.#source = source
    const { name, mimeType, sizeBytes, seekable } = source
    this.#send({ type: 'subject', name, mimeType, sizeBytes, seekable })
  }

  #receive(data: unknown): void {
    this.#silentTurns = 0
    const message = readFromWorker(data)
    if (message?.type === 'ping') {
      this.#send({ type: 'pong' })
      this.#keepAlive()
    } else if (message?.type === 'start') this.#start(message.start, message.end)
    else if (message?.type === 'pull') void this.#pull()
    else if (message?.type === 'cancel') this.#cancel()
  }

  #start(start: number, end: number): void {
    if (this.#over || !this.#source || this.#reader) return
    this.#leftBytes = end - start
    this.#reader = this.#source.read(start, end).getReader()
    if (this.#leftBytes === 0) this.#complete()
  }

  async #pull(): Promise<void> {
    if (this.#over || !this.#reader) return
    try {
      const { value, done } = await this.#reader.read()
      if (this.#over) return
      if (done || value.length > this.#leftBytes) throw new StreamFailed(done ? 'too-few-bytes' : 'too-many-bytes')
      this.#leftBytes -= value.length
      this.#send({ type: 'chunk', bytes: value }, [value.buffer as ArrayBuffer])
      if (this.#leftBytes === 0) this.#complete()
    } catch (error) {
      this.#fail(error)
    }
  }

  #complete(): void {
    if (!this.#finish()) return
    void this.#reader?.cancel().catch(() => {})
    this.#watch.complete()
  }

  #cancel(): void {
    if (!this.#finish()) return
    void this.#reader?.cancel().catch(() => {})
    this.#watch.cancelled()
  }

  #fail(error: unknown): void {
    if (!this.#finish()) return
    this.#send({ type: 'failed', code: reportOf(error).code })
    void this.#reader?.cancel().catch(() => {})
    this.#watch.failed(error)
  }

  /** The worker pings for as long as it lives: silence means that the browser ended it. */
  #look(): void {
    if (this.#silentTurns++ > streamPingsMax) this.#fail(new StreamFailed('worker-gone'))
  }

  /** False when it was over before. The worker closes the port, so that nothing under way is lost. */
  #finish(): boolean {
    if (this.#over) return false
    this.#over = true
    clearInterval(this.#watching)
    return true
  }

  #send(message: FromStreamPage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}
