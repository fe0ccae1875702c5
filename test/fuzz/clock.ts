import type { Timers } from '../../src/engine/watch.ts'

/** Time that passes when a test says so. */
export class TestClock implements Timers {
  #nowMs = 0
  #last = 0
  readonly #due = new Map<number, { atMs: number; run: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): () => void {
    const id = ++this.#last
    this.#due.set(id, { atMs: this.#nowMs + Math.max(0, delayMs), run })
    return () => this.#due.delete(id)
  }

  /** What comes due runs in order. */
  pass(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let next = this.#next(endMs); next !== undefined; next = this.#next(endMs)) {
      const { atMs, run } = this.#due.get(next)!
      this.#due.delete(next)
      this.#nowMs = Math.max(this.#nowMs, atMs)
      run()
    }
    this.#nowMs = endMs
  }

  #next(endMs: number): number | undefined {
    let found: number | undefined
    for (const [id, { atMs }] of this.#due) {
      if (atMs <= endMs && (found === undefined || atMs < this.#due.get(found)!.atMs)) found = id
    }
    return found
  }
}

/** Lets everything that waits for nothing but the processor go on: promises, hashing, messages. */
export async function quiet(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const { port1, port2 } = new MessageChannel()
    await new Promise((resolve) => {
      port1.onmessage = resolve
      port2.postMessage(undefined)
    })
    port1.close()
  }
}

/** Lets time pass until something has come about. */
export async function inTime<T>(clock: TestClock, wanted: Promise<T>): Promise<T> {
  let isThere = false
  const there = () => (isThere = true)
  wanted.then(there, there)
  while (!isThere) {
    await quiet(1)
    clock.pass(10)
  }
  return wanted
}
