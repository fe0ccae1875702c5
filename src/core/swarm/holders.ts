import { Bitmap, type BlockRange } from '../block/bitmap.ts'

/**
 * How many peers hold each block. Those that hold everything are one number; of the others each block is counted,
 * one byte a block, since there are at most `sessionsMax` of them.
 */
export class Holders {
  readonly #partly: Uint8Array
  #everything = 0

  constructor(blockCount: number) {
    this.#partly = new Uint8Array(blockCount)
  }

  /** Peers that hold this block and not everything: what tells blocks apart. */
  among(index: number): number {
    return this.#partly[index]!
  }

  get holdEverything(): number {
    return this.#everything
  }

  /** A peer holds these, or no longer; `holdings` is brought up to date. Returns those that are new. */
  tell(holdings: Bitmap, { start, count }: BlockRange, isHeld: boolean): void {
    const end = Math.min(holdings.size, start + count)
    for (let index = start; index < end; index++) {
      if (isHeld ? holdings.set(index) : holdings.clear(index)) this.#partly[index]! += isHeld ? 1 : -1
    }
  }

  /** A peer that held `before` holds everything from now on. */
  completed(before: Bitmap): void {
    this.#forget(before)
    this.#everything++
  }

  /** A peer is gone, or speaks of its holdings from the beginning. */
  left(holdings: Bitmap, heldEverything: boolean): void {
    if (heldEverything) this.#everything--
    else this.#forget(holdings)
  }

  #forget(holdings: Bitmap): void {
    for (const { start, count } of holdings.ranges()) {
      for (let index = start; index < start + count; index++) this.#partly[index]!--
    }
  }
}
