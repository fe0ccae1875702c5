import { QuireEngine } from '../../src/engine/engine.ts'
import type { Item } from '../../src/engine/types.ts'
import type { MemoryHub, MemoryNetwork } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { buffered } from '../../src/store/segment-buffer.ts'
import type { BlockStore, Catalog } from '../../src/store/types.ts'
import { FakeOrigin } from './fake-tabs.ts'
import { hasty } from './tab-world.ts'

const never = new Promise<never>(() => undefined)

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
  #opened = 0

  constructor(name: string, hub: MemoryHub, luck: () => number) {
    this.name = name
    this.#hub = hub
    this.#luck = luck
  }

  async open(): Promise<RestlessTab> {
    const name = `${this.name} ${++this.#opened}`
    const network = this.#hub.join(name)
    const ends = new AbortController()
    const { ground, end } = this.#origin.tab()
    ends.signal.addEventListener('abort', end)
    const store = buffered(this.#slow<BlockStore>(this.store, ends.signal), hasty)
    const engine = await QuireEngine.open({
      store,
      catalog: this.#slow<Catalog>(this.catalog, ends.signal),
      network,
      origin: 'https://quire.test',
      role: 'tab',
      flush: (set) => store.flush(set),
      room: { durable: true, freeBytes: async () => 1e12, persisted: async () => false },
      timers: hasty,
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

  /** What it was doing is not done, and nobody hears of it. */
  async crash(tab: RestlessTab): Promise<void> {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    tab.ends.abort()
    await tab.network.stop()
    void tab.engine.close()
  }

  /** Calls take place in their order, each after a while, and none after the end of the tab that made it. */
  #slow<T extends object>(whole: T, ends: AbortSignal): T {
    let before: Promise<unknown> = Promise.resolve()
    const call = async (work: () => unknown): Promise<unknown> => {
      const delayMs = this.#luck() < 0.3 ? this.#luck() * 4 : 0
      // Time: that a store takes some is what is played here.
      const turn = before.then(() => (delayMs > 0 ? new Promise((resolve) => setTimeout(resolve, delayMs)) : undefined))
      // Whoever comes next waits for the turn, and not for what comes of it.
      before = turn
      await turn
      if (ends.aborted) return never
      const result = await work()
      return ends.aborted ? never : result
    }
    return new Proxy(whole, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown
        if (name === 'close') return async () => undefined
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => call(() => Reflect.apply(value, target, given))
      }
    })
  }
}
