import { QuireEngine } from '../../src/engine/engine.ts'
import type { Item } from '../../src/engine/types.ts'
import type { MemoryHub, MemoryNetwork } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { buffered } from '../../src/store/segment-buffer.ts'
import type { BlockStore, Catalog } from '../../src/store/types.ts'
import type { Timers } from '../../src/engine/watch.ts'
import { FakeOrigin } from './fake-tabs.ts'
import { slow } from './slow.ts'
import { hasty } from './tab-world.ts'

/** A tab of a browser, as whoever uses it and whoever ends it sees it. */
export interface RestlessTab {
  readonly name: string
  readonly engine: QuireEngine
  readonly network: MemoryNetwork
  /** Nothing of it happens any more. */
  readonly ends: AbortController
  items(): readonly Item[]
}

/** A browser whose tabs come and go, some of them by crashing, over a store that takes its time. */
export class RestlessBrowser {
  readonly name: string
  readonly store = new MemoryBlockStore()
  readonly catalog = new MemoryCatalog()
  readonly tabs: RestlessTab[] = []
  readonly #origin = new FakeOrigin()
  readonly #hub: MemoryHub
  readonly #luck: () => number
  readonly #timers: Timers
  #opened = 0

  constructor(name: string, hub: MemoryHub, luck: () => number, timers: Timers = hasty) {
    this.name = name
    this.#hub = hub
    this.#luck = luck
    this.#timers = timers
  }

  async open(): Promise<RestlessTab> {
    const name = `${this.name} ${++this.#opened}`
    const network = this.#hub.join(name)
    const ends = new AbortController()
    const { ground, end } = this.#origin.tab()
    ends.signal.addEventListener('abort', end)
    const store = buffered(slow<BlockStore>(this.store, ends.signal, this.#luck), this.#timers)
    const engine = await QuireEngine.open({
      store,
      catalog: slow<Catalog>(this.catalog, ends.signal, this.#luck),
      network,
      origin: 'https://quire.test',
      role: 'tab',
      flush: (set) => store.flush(set),
      room: { durable: true, freeBytes: async () => 1e12, persisted: async () => false },
      timers: this.#timers,
      tabs: ground
    })
    const tab = { name, engine, network, ends, items: () => engine.items() }
    this.tabs.push(tab)
    return tab
  }

  async close(tab: RestlessTab): Promise<void> {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    await tab.engine.close()
    tab.ends.abort()
  }

  async closeAll(): Promise<void> {
    for (const tab of [...this.tabs]) await this.close(tab)
  }

  /** What it was doing is not done, and nobody hears of it. */
  async crash(tab: RestlessTab): Promise<void> {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    tab.ends.abort()
    await tab.network.stop()
    void tab.engine.close()
  }
}
