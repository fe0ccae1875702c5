import { createSubscriber } from 'svelte/reactivity'
import type { Watchable } from '../../engine/types.ts'

/** Any watchable as a rune: whoever reads `current` within an effect is run again when it changes. */
export class Live<S> {
  readonly #watchable: Watchable<S>
  readonly #track: () => void

  constructor(watchable: Watchable<S>) {
    this.#watchable = watchable
    this.#track = createSubscriber((update) => watchable.subscribe(update))
  }

  get current(): S {
    this.#track()
    return this.#watchable.peek()
  }
}
