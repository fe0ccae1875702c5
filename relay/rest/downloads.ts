import { downloadsMax } from '../../src/core/limits.ts'
import type { Item } from '../../src/engine/types.ts'

/** A fetch in the background, by the number that its client was told. */
export interface Download {
  readonly cid: string
  readonly item: Item
  /** Nobody held it before: cancelling removes what came. */
  readonly isNew: boolean
}

/** Fetches that clients may ask about. The oldest is forgotten when there are too many; it goes on. */
export class Downloads {
  readonly #byId = new Map<number, Download>()
  #last = 0

  begin(download: Download): number {
    this.#byId.set(++this.#last, download)
    const [oldest] = this.#byId.keys()
    if (this.#byId.size > downloadsMax) this.#byId.delete(oldest!)
    return this.#last
  }

  find(cid: string, id: string): Download | undefined {
    const download = /^\d{1,15}$/.test(id) ? this.#byId.get(Number(id)) : undefined
    return download?.cid === cid ? download : undefined
  }

  end(id: string): void {
    this.#byId.delete(Number(id))
  }
}
