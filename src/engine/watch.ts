import { clockJumpMs, notifyIntervalMs } from '../core/limits.ts'
import type { Watchable } from './types.ts'

/** Where timers come from, so that tests bring their own. */
export interface Timers {
  nowMs(): number
  /** Returns how to cancel. */
  after(delayMs: number, run: () => void): () => void
}

/**
 * A clock that neither jumps back when the person sets the time nor stands still while the machine sleeps, as the
 * platform's own does on some systems: there the clock on the wall tells how long that was. [SW11]
 */
export function sleeplessClock(monotonicMs: () => number, wallMs: () => number): () => number {
  let sleptMs = 0
  let apartMs = wallMs() - monotonicMs()
  return () => {
    const nowMs = monotonicMs()
    const jumpMs = wallMs() - nowMs - apartMs
    apartMs += jumpMs
    if (jumpMs >= clockJumpMs) sleptMs += jumpMs
    return nowMs + sleptMs
  }
}

/** Timers of the platform. */
export const platformTimers: Timers = {
  nowMs: sleeplessClock(
    () => performance.now(),
    () => Date.now()
  ),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
}

/** The same timers by the clock on the wall, which goes on while the program does not run. */
export const wallClock = (timers: Timers): Timers => ({
  nowMs: () => Date.now(),
  after: (delayMs, run) => timers.after(delayMs, run)
})

/**
 * A view that is built from mutable state when somebody looks. `changed` is cheap and may be called for
 * every block: listeners hear of it at once when it was quiet, else at most every `notifyIntervalMs`.
 */
export class Live<S> implements Watchable<S> {
  readonly #build: () => S
  readonly #timers: Timers
  readonly #listeners = new Set<(state: S) => void>()
  #state: S | undefined
  #notifiedAtMs = -Infinity
  #cancel: (() => void) | undefined

  constructor(build: () => S, timers: Timers = platformTimers) {
    this.#build = build
    this.#timers = timers
  }

  peek(): S {
    this.#state ??= this.#build()
    return this.#state
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0
  }

  subscribe(listener: (state: S) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(): void {
    this.#state = undefined
    if (this.#listeners.size === 0 || this.#cancel) return
    const waitMs = Math.max(0, this.#notifiedAtMs + notifyIntervalMs - this.#timers.nowMs())
    this.#cancel = this.#timers.after(waitMs, () => {
      this.#cancel = undefined
      this.#notifiedAtMs = this.#timers.nowMs()
      const state = this.peek()
      for (const listener of [...this.#listeners]) listener(state)
    })
  }
}

/**
 * Resolves with the first state for which `accept` is true; rejects when `accept` throws, or with the reason of the signal
 * or of `gone`.
 */
export function whenState<S>(
  watchable: Watchable<S>,
  accept: (state: S) => boolean,
  { signal }: { signal?: AbortSignal } = {},
  gone?: AbortSignal
): Promise<S> {
  if (gone) signal = AbortSignal.any([gone, signal ?? gone])
  return new Promise((resolve, reject) => {
    const check = (state: S) => {
      try {
        if (!accept(state)) return
        finish()
        resolve(state)
      } catch (error) {
        finish()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const stop = watchable.subscribe(check)
    const abort = () => {
      finish()
      reject(signal!.reason as Error)
    }
    const finish = () => {
      stop()
      signal?.removeEventListener('abort', abort)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    check(watchable.peek())
  })
}
