import type { Stream } from '@libp2p/interface'
import { circuitPieceBytes, circuitsHeldBytesMax, circuitStallMs } from '../../src/core/limits.ts'

export interface CircuitDriver {
  /** Calls `go` when it is this circuit's turn to pass on so much. */
  takeTurn(bytes: number, go: () => void): void
  now(): number
  onEnd(circuit: Circuit): void
}

type Standing = Pick<Circuit, 'stalledSinceMs' | 'heldBytes'>

/** Those to end: where one side takes nothing for too long, and, while all hold too much, those that stand longest. [RL12] */
export function stalledTooLong<C extends Standing>(circuits: Iterable<C>, nowMs: number): C[] {
  const all = [...circuits]
  let heldBytes = all.reduce((sum, circuit) => sum + circuit.heldBytes, 0)
  const stalled = all.filter(({ stalledSinceMs }) => stalledSinceMs !== undefined)
  stalled.sort((a, b) => a.stalledSinceMs! - b.stalledSinceMs!)
  const ended = stalled.findIndex((circuit) => {
    if (nowMs - circuit.stalledSinceMs! < circuitStallMs && heldBytes <= circuitsHeldBytesMax) return true
    heldBytes -= circuit.heldBytes
    return false
  })
  return ended < 0 ? stalled : stalled.slice(0, ended)
}

/** Two streams that pass each other's bytes on, within a budget of bytes. Ends when one side breaks or is gone, or both have closed. */
export class Circuit {
  readonly #driver: CircuitDriver
  readonly #ways: readonly Way[]
  #bytesLeft: number
  passedBytes = 0
  #ended = false

  constructor(near: Stream, far: Stream, bytesMax: number, driver: CircuitDriver) {
    this.#driver = driver
    this.#bytesLeft = bytesMax
    this.#ways = [new Way(near, far, this), new Way(far, near, this)]
    for (const way of this.#ways) way.source.addEventListener('close', ({ error }) => this.#onClosed(way, error))
  }

  /** What was there before anybody listened goes on: of two streams that are open. */
  begin(): void {
    for (const way of this.#ways) way.move()
  }

  /** Taken from one side and not yet gone to the other. */
  get heldBytes(): number {
    return this.#ways[0]!.heldBytes + this.#ways[1]!.heldBytes
  }

  /** Since when one side takes nothing of what is there for it; undefined while all moves. */
  get stalledSinceMs(): number | undefined {
    const since = this.#ways.flatMap((way) => way.stalledSinceMs ?? [])
    return since.length > 0 ? Math.min(...since) : undefined
  }

  get driver(): CircuitDriver {
    return this.#driver
  }

  /** Whether there is budget for these. */
  spend(bytes: number): boolean {
    this.#bytesLeft -= bytes
    if (this.#bytesLeft < 0) this.end('its bytes are spent')
    else this.passedBytes += bytes
    return !this.#ended
  }

  end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    for (const way of this.#ways) way.cut(new Error(`the relay ended this circuit: ${reason}`))
    this.#driver.onEnd(this)
  }

  /** A socket that is gone closes its streams without an error, too, and they have not said that they end. */
  #onClosed(of: Way, error: Error | undefined): void {
    if (error) return this.end('one side broke')
    if (!of.hasSourceEnded) return this.end('one side left')
    for (const way of this.#ways) way.move()
    if (this.#ended || this.#ways.some((way) => way.isOpen)) return
    this.#ended = true
    this.#driver.onEnd(this)
  }
}

/**
 * One direction. What the sink does not take is waited for with the source paused: its window then fills, and its sender
 * stops. So a receiver that stops reading holds a window's worth of memory here, and no more. [RL12]
 */
class Way {
  readonly source: Stream
  readonly #sink: Stream
  readonly #circuit: Circuit
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #inLine = false
  /** It has said that nothing comes any more. */
  hasSourceEnded: boolean
  #blockedAtMs: number | undefined

  constructor(source: Stream, sink: Stream, circuit: Circuit) {
    this.source = source
    this.#sink = sink
    this.#circuit = circuit
    this.hasSourceEnded = source.remoteWriteStatus !== 'writable'
    source.addEventListener('message', ({ data }) => this.#take(data))
    source.addEventListener('remoteCloseWrite', () => {
      this.hasSourceEnded = true
      this.move()
    })
    sink.addEventListener('drain', () => {
      this.#blockedAtMs = undefined
      this.move()
    })
  }

  get isOpen(): boolean {
    return this.source.status === 'open' || this.source.status === 'closing'
  }

  get heldBytes(): number {
    return this.#waitingBytes + this.source.readBufferLength + this.#sink.writeBufferLength
  }

  get stalledSinceMs(): number | undefined {
    return this.#blockedAtMs
  }

  cut(error: Error): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.source.abort(error)
  }

  /** Passes on what can go now. */
  move(): void {
    const { writeStatus, writableNeedsDrain } = this.#sink
    if (writeStatus !== 'writable') {
      // Nobody takes it, so nothing would ever pause who sends it.
      if (this.#hasMore) this.#circuit.end('one side takes nothing more')
      return
    }
    if (this.#inLine) return
    if (writableNeedsDrain) this.#blockedAtMs ??= this.#circuit.driver.now()
    const [piece] = this.#waiting
    if (piece && !writableNeedsDrain) {
      this.#inLine = true
      this.#circuit.driver.takeTurn(piece.length, () => this.#send())
    }
    this.#pauseOrResume()
    if (this.hasSourceEnded && !this.#hasMore) {
      this.#sink
        .close({ signal: AbortSignal.timeout(circuitStallMs) })
        .catch(() => this.#circuit.end('one side did not close'))
    }
  }

  get #hasMore(): boolean {
    return this.#waiting.length > 0 || this.source.readBufferLength > 0
  }

  #take(data: Uint8Array | Iterable<Uint8Array>): void {
    for (const part of data instanceof Uint8Array ? [data] : data) {
      if (!this.#circuit.spend(part.length)) return
      for (let at = 0; at < part.length; at += circuitPieceBytes) {
        this.#waiting.push(part.subarray(at, at + circuitPieceBytes))
      }
      this.#waitingBytes += part.length
    }
    this.move()
  }

  #send(): void {
    this.#inLine = false
    const piece = this.#sink.writeStatus === 'writable' ? this.#waiting.shift() : undefined
    if (piece) {
      this.#waitingBytes -= piece.length
      try {
        this.#sink.send(piece)
      } catch {
        // Its socket is gone, and it has not heard of that yet.
        return this.#circuit.end('one side broke')
      }
    }
    this.move()
  }

  #pauseOrResume(): void {
    const { readStatus } = this.source
    if (readStatus !== 'readable' && readStatus !== 'paused') return
    if (this.#waiting.length > 0 || this.#sink.writableNeedsDrain) this.source.pause()
    else this.#resume()
  }

  /** Hands on at once what gathered, and only then tells the other end, which may be gone. */
  #resume(): void {
    try {
      this.source.resume()
    } catch {
      // Nobody is left there to go on sending.
    }
  }
}
