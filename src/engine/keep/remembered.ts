import { base64urlOf } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { keepersRememberedMax } from '../../core/limits.ts'
import type { NamedKeeper } from '../../network/types.ts'
import type { KeepRecord } from '../../store/types.ts'

/** Keepers that promised in an earlier visit, or by invitation, as they were reached then: for what they promised. [KE23] */
export class RememberedKeepers {
  readonly #known = new Map<PeerId, NamedKeeper>()

  all(): IterableIterator<[PeerId, NamedKeeper]> {
    return this.#known.entries()
  }

  add(keeper: Omit<NamedKeeper, 'remembered'>): void {
    this.#known.set(keeper.peerId, { ...keeper, remembered: true })
  }

  /** Who promised can be asked, whether or not somebody names it in this visit. Tells whether that is anybody new. */
  recall({ promises }: KeepRecord): boolean {
    const before = this.#known.size
    for (const { keeper, host, untilMs, contact } of promises) {
      if (!contact || untilMs <= Date.now() || this.#known.has(keeper)) continue
      if (this.#known.size >= keepersRememberedMax) break
      const { record, terms, found } = contact
      this.add({ peerId: keeper, record: base64urlOf(record), host, terms, found })
    }
    return this.#known.size > before
  }
}
