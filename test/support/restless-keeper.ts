import type { KeepPolicy } from '../../src/core/keep/types.ts'
import type { QuireEngine } from '../../src/engine/engine.ts'
import type { Keeping } from '../../src/engine/keep/keeping.ts'
import type { Timers } from '../../src/engine/watch.ts'
import type { MemoryHub, MemoryNetwork } from '../../src/network/memory.ts'
import { StoreFull } from '../../src/store/errors.ts'
import { MemoryBlockStore } from '../../src/store/memory.ts'
import type { PagedCatalog } from '../../src/store/paged.ts'
import { buffered } from '../../src/store/segment-buffer.ts'
import type { BlockStore } from '../../src/store/types.ts'
import { idOf, newKeeper } from './keep-world.ts'
import { PagedMemoryCatalog } from './paged-memory.ts'
import { slow } from './slow.ts'

interface Running {
  readonly engine: QuireEngine
  readonly keeping: Keeping
  readonly network: MemoryNetwork
  readonly ends: AbortController
}

interface World {
  readonly hub: MemoryHub
  readonly luck: () => number
  readonly timers: Timers
}

type Key = Parameters<typeof idOf>[0]

/** A keeper that comes and goes, at times by crashing, over a disk that takes its time and may get full. */
export class RestlessKeeper {
  readonly policy: KeepPolicy
  readonly #key: Key
  readonly #world: World
  store = new MemoryBlockStore()
  catalog = new PagedMemoryCatalog()
  /** All that fits on its disk. */
  diskBytes = Infinity
  running: Running | undefined

  constructor(key: Key, policy: KeepPolicy, world: World) {
    this.#key = key
    this.policy = policy
    this.#world = world
  }

  get peerId() {
    return idOf(this.#key)
  }

  async open(over: Partial<KeepPolicy> = {}): Promise<void> {
    const { hub, luck, timers } = this.#world
    const ends = new AbortController()
    const network = hub.join(this.peerId)
    const store = buffered(slow<BlockStore>(this.#bounded(), ends.signal, luck), timers)
    let keeping: Keeping
    const engine = await newKeeper(
      hub,
      {
        store,
        catalog: slow<PagedCatalog>(this.catalog, ends.signal, luck),
        network,
        timers,
        flush: (set) => store.flush(set),
        room: { durable: true, freeBytes: () => this.#freeBytes(), persisted: async () => true }
      },
      { ...this.policy, ...over, onKeeping: (made) => (keeping = made) },
      this.#key
    )
    this.running = { engine, keeping: keeping!, network, ends }
  }

  async close(): Promise<void> {
    const { engine, ends } = this.#gone()
    await engine.close()
    ends.abort()
  }

  /** What it was doing is not done, and nobody hears of it. */
  async crash(): Promise<void> {
    const { engine, ends, network } = this.#gone()
    ends.abort()
    await network.stop()
    void engine.close()
  }

  /** Its disk broke: it begins anew. */
  loseAll(): void {
    this.store = new MemoryBlockStore()
    this.catalog = new PagedMemoryCatalog()
  }

  #gone(): Running {
    const running = this.running!
    this.running = undefined
    return running
  }

  async #freeBytes(): Promise<number> {
    return Math.max(0, this.diskBytes - (await this.store.usedBytes()))
  }

  #bounded(): MemoryBlockStore {
    const { store } = this
    const putBlocks: BlockStore['putBlocks'] = async (set, blocks) => {
      const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
      if (bytes > (await this.#freeBytes())) throw new StoreFull()
      await store.putBlocks(set, blocks)
    }
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'putBlocks') return putBlocks
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      }
    })
  }
}
