import { passOnMs } from '../limits.ts'
import type { SwarmState } from './state.ts'

/**
 * Blocks that wait in the store for their segment to become whole are of no use to others meanwhile: while somebody
 * here lacks something they are made durable soon. One flush at a time, so that a slow disk gathers more. [SW17]
 */
export class PassingOn {
  readonly #state: SwarmState
  /** Given to the store since the last flush and not durable. */
  #waiting = new Set<number>()
  /** What the last flush was for and is not durable. */
  #flushing = new Set<number>()
  #flushAtMs = Infinity

  constructor(state: SwarmState) {
    this.#state = state
  }

  given(index: number): void {
    if (this.#waiting.size === 0) this.#flushAtMs = this.#state.nowMs + passOnMs
    this.#waiting.add(index)
  }

  /** They are durable, or will not be. */
  settled(indexes: readonly number[]): void {
    for (const index of indexes) if (!this.#waiting.delete(index)) this.#flushing.delete(index)
  }

  wakeAtMs(): number {
    return this.#flushing.size > 0 || this.#waiting.size === 0 ? Infinity : this.#flushAtMs
  }

  flush(): void {
    const { nowMs } = this.#state
    if (nowMs < this.wakeAtMs()) return
    this.#flushAtMs = nowMs + passOnMs
    if (!this.#isWanted()) return
    this.#flushing = this.#waiting
    this.#waiting = new Set()
    this.#state.emit({ type: 'flush' })
  }

  #isWanted(): boolean {
    if (!this.#state.options.serving) return false
    for (const session of this.#state.sessions.values()) if (!session.isComplete) return true
    return false
  }
}
