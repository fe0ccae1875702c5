import type { Item } from '../../engine/types.ts'

const samplesMax = 60
const stepMs = 1_000

/** What the last minute's pace was, one value a second, oldest first. */
export class Pace {
  readonly #item: Item
  #values = $state.raw<readonly number[]>([])

  constructor(item: Item) {
    this.#item = item
  }

  get values(): readonly number[] {
    return this.#values
  }

  /** Samples until the returned function is called. */
  run(): () => void {
    const timer = setInterval(() => {
      this.#values = [...this.#values, this.#item.peek().rateBytesPerSecond].slice(-samplesMax)
    }, stepMs)
    return () => clearInterval(timer)
  }
}
