import { createSubscriber } from 'svelte/reactivity'
import type { ItemView, Watchable } from '../../engine/types.ts'

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

/** Figures that people read change no more often than this. */
const calmMs = 500

/** What is told at once, however calm the figures are. */
const markOf = ({ state, title, blockCount, doneBlocks, otherCopies, peers, link, dropped, keep }: ItemView): string =>
  [
    state,
    title,
    blockCount,
    blockCount === doneBlocks,
    otherCopies,
    peers.length,
    link !== undefined,
    dropped?.peerId,
    keep?.wanted,
    keep?.state
  ].join()

/** An item's view for text: its state changes at once, its figures at most twice a second. */
export class Calm {
  readonly #item: Watchable<ItemView>
  readonly #track: () => void
  #shown: ItemView | undefined

  constructor(item: Watchable<ItemView>) {
    this.#item = item
    this.#track = createSubscriber((update) => this.#follow(update))
  }

  get current(): ItemView {
    this.#track()
    return this.#shown ?? this.#item.peek()
  }

  #follow(update: () => void): () => void {
    let mark = markOf((this.#shown = this.#item.peek()))
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      clearTimeout(timer)
      timer = undefined
      mark = markOf((this.#shown = this.#item.peek()))
      update()
    }
    const stop = this.#item.subscribe((view) => {
      if (markOf(view) !== mark) show()
      else timer ??= setTimeout(show, calmMs)
    })
    return () => {
      clearTimeout(timer)
      stop()
      this.#shown = undefined
    }
  }
}
