import { downloadsMax } from '../../src/core/limits.ts'
import type { Visit } from '../visits.ts'

/** A fetch in the background, by the number that its client was told. */
export interface Download {
  readonly cid: string
  /** Goes on until the fetch is cancelled. */
  readonly visit: Visit
}

/** Fetches that clients may ask about. The oldest is forgotten when there are too many; it goes on. */
export class Downloads {
  readonly #byId = new Map<number, Download>()
  #last = 0

  begin(download: Download): number {
    this.#byId.set(++this.#last, download)
    if (this.#byId.size > downloadsMax) this.#forgetOldest()
    return this.#last
  }

  find(cid: string, id: string): Download | undefined {
    const download = /^\d{1,15}$/.test(id) ? this.#byId.get(Number(id)) : undefined
    return download?.cid === cid ? download : undefined
  }

  end(id: string): void {
    this.#byId.delete(Number(id))
  }

  #forgetOldest(): void {
    const [id, { visit }] = this.#byId.entries().next().value!
    this.#byId.delete(id)
    visit.keep()
    void visit.end()
  }
}
