import type { SwarmId } from '../ids.ts'

interface Waiting {
  readonly swarmId: SwarmId
  readonly atMs: number
}

/**
 * Swarms that something is tried again for, after longer and longer pauses. Each pause has a queue of its own, in which
 * whoever came first is due first: what is next costs no search among thousands.
 */
export class Retries {
  readonly #pausesMs: readonly number[]
  readonly #queues: Waiting[][]
  /** How often each was tried again, for those that wait. */
  readonly #tries = new Map<SwarmId, number>()

  constructor(pausesMs: readonly number[]) {
    this.#pausesMs = pausesMs
    this.#queues = pausesMs.map(() => [])
  }

  /** Begins with the shortest pause, unless it waits already. */
  begin(nowMs: number, swarmId: SwarmId): void {
    if (!this.#tries.has(swarmId)) this.#wait(nowMs, swarmId, 0)
  }

  drop(swarmId: SwarmId): void {
    this.#tries.delete(swarmId)
  }

  /** Those whose pause is over; each waits for the next one, which is longer. */
  due(nowMs: number): SwarmId[] {
    const due = this.#queues.flatMap((queue, pause) => {
      const count = queue.findIndex(({ atMs }) => atMs > nowMs)
      const over = queue.splice(0, count < 0 ? queue.length : count)
      return over.filter(({ swarmId }) => this.#tries.get(swarmId) === pause).map(({ swarmId }) => swarmId)
    })
    for (const swarmId of due) this.#wait(nowMs, swarmId, this.#tries.get(swarmId)! + 1)
    return due
  }

  nextAtMs(): number {
    return Math.min(...this.#queues.map(([first]) => first?.atMs ?? Infinity))
  }

  #wait(nowMs: number, swarmId: SwarmId, pause: number): void {
    if (pause >= this.#pausesMs.length) return this.drop(swarmId)
    this.#tries.set(swarmId, pause)
    this.#queues[pause]!.push({ swarmId, atMs: nowMs + this.#pausesMs[pause]! })
  }
}
