import { luckOf, seededBytes } from '../support/seeded.ts'

/** Chances that come out the same for the same seed. */
export class Dice {
  readonly #luck: () => number

  constructor(seed: number) {
    this.#luck = luckOf(seed * 2_654_435_761)
    // Close seeds begin alike.
    for (let i = 0; i < 8; i++) this.#luck()
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.#luck() * n)
  }

  coin(): boolean {
    return this.#luck() < 0.5
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  bytes(length: number): Uint8Array {
    return seededBytes(1 + this.below(2 ** 30), length)
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  /** Mostly within [0, n), sometimes at or beyond an edge. */
  edge(n: number): number {
    return this.pick([this.below(n), this.below(n), this.below(n), n, n + 1, 2 ** 31 - 1])
  }
}
