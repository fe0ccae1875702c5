import type { BlockRange } from '../block/bitmap.ts'
import { urgentBlocks } from '../limits.ts'
import { isWithin } from './runs.ts'

/** What readers of the content wish for, each in its own order. */
export class Readers {
  readonly #wishes = new Map<number, readonly BlockRange[]>()

  /** None: it wishes for nothing any more. */
  set(readerId: number, ranges: readonly BlockRange[]): void {
    if (ranges.length > 0) this.#wishes.set(readerId, ranges)
    else this.#wishes.delete(readerId)
  }

  get isEmpty(): boolean {
    return this.#wishes.size === 0
  }

  isWished(index: number): boolean {
    for (const ranges of this.#wishes.values()) if (isWithin(index, ranges)) return true
    return false
  }

  *wishes(): Generator<BlockRange> {
    for (const ranges of this.#wishes.values()) yield* ranges
  }

  /** The first blocks of each one's wish: it waits for them now. */
  *urgent(): Generator<number> {
    for (const ranges of this.#wishes.values()) {
      let ahead = 0
      for (const { start, count } of ranges) {
        for (let index = start; index < start + count && ahead < urgentBlocks; index++, ahead++) yield index
      }
    }
  }
}
