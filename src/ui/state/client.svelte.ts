import { reportOf } from '../../core/errors.ts'
import type { ErrorReport } from '../../core/errors.ts'
import type { SetId } from '../../core/ids.ts'
import { keepersAsked } from '../../core/limits.ts'
import type { FileSource, Item, ItemView, Quire, StorageView } from '../../engine/types.ts'
import type { NetworkStatus } from '../../network/types.ts'
import { hasWords } from '../words.ts'
import { asksKeepers } from './keep-choice.ts'
import { Live } from './live.svelte.ts'

/** The engine as the page sees it: not here yet, here, or unable to start. */
export class Client {
  readonly ready: Promise<Quire>
  #quire = $state.raw<Quire>()
  #failure = $state.raw<ErrorReport>()
  readonly #library = $derived(this.#quire && new Live(this.#quire.library))
  readonly #items = $derived(this.#library?.current.flatMap((id) => this.#quire?.item(id) ?? []))
  readonly #lives = $derived((this.#items ?? []).map((item) => new Live(item)))
  readonly #views = $derived(this.#lives.map(({ current }) => current))
  readonly #network = $derived(this.#quire && new Live(this.#quire.network))
  readonly #storage = $derived(this.#quire && new Live(this.#quire.storage))

  constructor(ready: Promise<Quire>) {
    this.ready = ready
    ready.then(
      (quire) => (this.#quire = quire),
      (thrown: unknown) => {
        const report = reportOf(thrown)
        this.#failure = hasWords(report.code) ? report : { ...report, code: 'cannot-start' }
      }
    )
  }

  get failure(): ErrorReport | undefined {
    return this.#failure
  }

  /** Newest first; undefined while the library is being opened. */
  get items(): readonly Item[] | undefined {
    return this.#items
  }

  /** What each of them shows now, in the same order. */
  get views(): readonly ItemView[] {
    return this.#views
  }

  get network(): NetworkStatus | undefined {
    return this.#network?.current
  }

  /** There are relays, and none answers: nobody finds anybody anew. */
  get isCutOff(): boolean {
    const relays = this.network?.relays ?? []
    return relays.length > 0 && relays.every(({ state }) => state === 'unreachable')
  }

  get storage(): StorageView | undefined {
    return this.#storage?.current
  }

  /** The item, or undefined while the library opens or if it is not there: `known` tells which. */
  item(id: SetId): { readonly item?: Item; readonly known: boolean } {
    const ids = this.#library?.current
    return { item: ids && this.#quire?.item(id), known: ids !== undefined }
  }

  async add(files: readonly FileSource[]): Promise<Item> {
    return (await this.ready).add(files, { keep: asksKeepers() ? keepersAsked : 0 })
  }

  async open(link: string): Promise<Item> {
    return (await this.ready).open(link)
  }

  nudge(): void {
    this.#quire?.nudge()
  }
}
