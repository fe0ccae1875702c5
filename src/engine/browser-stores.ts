import type { SetId } from '../core/ids.ts'
import { memoryBytesMax } from '../core/limits.ts'
import { openBrowserStore } from '../store/browser.ts'
import { StoreUnavailable } from '../store/errors.ts'
import { buffered } from '../store/segment-buffer.ts'
import type { BlockStore, Catalog } from '../store/types.ts'
import type { RoomProbe } from './room.ts'
import { type TabGround, tabGround } from './tabs.ts'
import { platformTimers } from './watch.ts'

export interface Stores {
  readonly store: BlockStore
  readonly catalog: Catalog
  readonly flush: (set: SetId) => Promise<void>
  readonly room: RoomProbe
  readonly tabs?: TabGround
}

/** What the browser gives to keep things in; else memory, and the interface says that nothing outlives the tab. */
export async function openBrowserStores(): Promise<Stores> {
  try {
    const { blocks, catalog } = await openBrowserStore('quire')
    const store = buffered(blocks, platformTimers)
    return { store, catalog, flush: (set) => store.flush(set), room: browserRoom(true), tabs: tabGround() }
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    const { MemoryBlockStore, MemoryCatalog } = await import('../store/memory.ts') // few browsers need it
    return {
      store: new MemoryBlockStore(),
      catalog: new MemoryCatalog(),
      flush: async () => undefined,
      room: browserRoom(false)
    }
  }
}

function browserRoom(durable: boolean): RoomProbe {
  const storage = globalThis.navigator.storage as StorageManager | undefined
  return {
    durable,
    ...(!durable && { bytesMax: memoryBytesMax }),
    async freeBytes() {
      if (!durable) return Infinity
      const { quota = Infinity, usage = 0 } = (await storage?.estimate()) ?? {}
      return Math.max(0, quota - usage)
    },
    persisted: async () => (await storage?.persisted?.()) ?? false
  }
}
