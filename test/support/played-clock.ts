import { AsyncLocalStorage } from 'node:async_hooks'
import type { Timers } from '../../src/engine/watch.ts'

const played = new AsyncLocalStorage<PlayedClock>()
const [usualNow, usualSteady] = [Date.now, performance.now]
const [wallMs, steadyMs] = [usualNow.bind(Date), usualSteady.bind(performance)]
let playing = 0

interface Waiting {
  readonly atMs: number
  readonly run: () => void
  timer: NodeJS.Timeout
}

/** Time of one test, by its timers and on its wall: ten times as fast as others', and it jumps when it is told to. */
export class PlayedClock implements Timers {
  readonly #begunAtMs = wallMs()
  readonly #waiting = new Set<Waiting>()
  #jumpedMs = 0

  /** Whatever comes of `work` sees this clock on the wall. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    if (playing++ === 0) {
      Date.now = () => played.getStore()?.wallMs() ?? wallMs()
      performance.now = () => played.getStore()?.nowMs() ?? steadyMs()
    }
    try {
      return await played.run(this, work)
    } finally {
      if (--playing === 0) [Date.now, performance.now] = [usualNow, usualSteady]
    }
  }

  nowMs(): number {
    return steadyMs() * speed + this.#jumpedMs
  }

  wallMs(): number {
    return Math.floor(this.#begunAtMs + (wallMs() - this.#begunAtMs) * speed + this.#jumpedMs)
  }

  after(delayMs: number, run: () => void): () => void {
    const waiting: Waiting = { atMs: this.nowMs() + delayMs, run, timer: undefined! }
    this.#waiting.add(waiting)
    this.#set(waiting)
    return () => this.#drop(waiting)
  }

  /** All that was to happen meanwhile happens now. */
  jump(ms: number): void {
    this.#jumpedMs += ms
    for (const waiting of [...this.#waiting]) {
      clearTimeout(waiting.timer)
      this.#set(waiting)
    }
  }

  #set(waiting: Waiting): void {
    const leftMs = Math.max(0, waiting.atMs - this.nowMs()) / speed
    // Time: the platform's carries this one on.
    waiting.timer = setTimeout(
      () => {
        if (waiting.atMs > this.nowMs()) return this.#set(waiting) // further off than a timer of the platform goes
        this.#drop(waiting)
        waiting.run()
      },
      Math.min(leftMs, 1e9)
    )
  }

  #drop(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.#waiting.delete(waiting)
  }
}

const speed = 10
