import type { SetId } from '../../core/ids.ts'
import type { ItemView } from '../../engine/types.ts'
import { isLastCopy } from '../standing.ts'

/** What of the library is shown. */
export type Filter = 'all' | 'sharing' | 'fetching' | 'offline'

/** What this visit knows that the store does not: what was shared in it, and which items had other copies. */
export class Visit {
  readonly #startedAtMs = Date.now()
  #shared = $state.raw<ReadonlySet<SetId>>(new Set())
  #copied = $state.raw<ReadonlySet<SetId>>(new Set())
  /** The item whose page was open last: where the focus goes when the person comes back to the list. */
  lastOpened: SetId | undefined
  /** What the list was narrowed to: the same when the person comes back to it. */
  filter = $state<Filter>('all')
  query = $state('')

  #saves = $state(0)

  /** What comes into the library now is not to be hidden there. */
  showAll(): void {
    this.filter = 'all'
    this.query = ''
  }

  /** Bytes are on their way to the disk: they come from this page. */
  get isSaving(): boolean {
    return this.#saves > 0
  }

  async saving<T>(work: Promise<T>): Promise<T> {
    this.#saves++
    try {
      return await work
    } finally {
      this.#saves--
    }
  }

  markShared(id: SetId): void {
    if (!this.#shared.has(id)) this.#shared = new Set(this.#shared).add(id)
  }

  /** Call with every view of an item that is drawn. */
  noteCopies(view: ItemView): void {
    if (view.otherCopies > 0 && !this.#copied.has(view.id)) this.#copied = new Set(this.#copied).add(view.id)
  }

  /** Added here in this visit, and never seen with another full copy. */
  isFresh(view: ItemView): boolean {
    return view.origin === 'added' && view.createdAtMs >= this.#startedAtMs && !this.#copied.has(view.id)
  }

  /** Leaving now would break something off: files are read or saved, which begins anew at the next visit. */
  isBusy(views: readonly ItemView[]): boolean {
    return this.isSaving || views.some((view) => view.state === 'adding')
  }

  /** Leaving now would also cut somebody off: a peer is fetching, or the only copy of something just shared is here. */
  leavingHurts(views: readonly ItemView[]): boolean {
    if (this.isBusy(views)) return true
    return views.some(
      (view) =>
        view.peers.some((peer) => peer.sentBytesPerSecond > 0) ||
        (view.state === 'sharing' && isLastCopy(view) && this.#shared.has(view.id))
    )
  }
}
