import type { NamedKeeper, NetworkStatus } from '../../network/types.ts'
import type { EngineParts } from '../parts.ts'
import type { Watchable } from '../types.ts'
import type { KeepAsking } from './asking.ts'
import type { KeepableItem } from './noting.ts'

/** What asks keepers, loaded when the first item is to be kept. */
export class LazyAsking {
  readonly #parts: EngineParts
  readonly #network: Watchable<NetworkStatus>
  readonly #onFound: (found: readonly NamedKeeper[]) => void
  #asking: Promise<KeepAsking> | undefined

  constructor(parts: EngineParts, network: Watchable<NetworkStatus>, onFound: (found: readonly NamedKeeper[]) => void) {
    this.#parts = parts
    this.#network = network
    this.#onFound = onFound
  }

  /** Whether keepers are to hold an item, or can, may be another than before. */
  follow(item: KeepableItem): void {
    const { wanted, promises } = item.keepRecord ?? {}
    if (!this.#asking && !wanted && !promises?.length) return
    this.load().then((asking) => asking.follow(item), none) // the next who wants it tries again
  }

  /** Rejects offline, before it was loaded once; the next who asks tries again. */
  load(): Promise<KeepAsking> {
    return (this.#asking ??= this.#load())
  }

  close(): void {
    this.#asking?.then((asking) => asking.close(), none)
  }

  async #load(): Promise<KeepAsking> {
    try {
      const { KeepAsking } = await import('./asking.ts')
      const asking = new KeepAsking(this.#parts, this.#onFound)
      this.#network.subscribe(() => asking.onNetwork())
      return asking
    } catch (error) {
      this.#asking = undefined
      throw error
    }
  }
}

const none = () => undefined
