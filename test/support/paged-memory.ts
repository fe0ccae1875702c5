import type { SwarmId } from '../../src/core/ids.ts'
import { MemoryCatalog } from '../../src/store/memory.ts'
import { type PagedCatalog, placingOf, type Totals } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'

/** Pages of a catalog that is in memory anyway. */
export class PagedMemoryCatalog extends MemoryCatalog implements PagedCatalog {
  async restless(): Promise<ItemRecord[]> {
    return (await this.items()).filter((item) => ['restless', 'kept'].includes(placingOf(item).standing))
  }

  async servedSwarms(after: SwarmId | undefined, count: number): Promise<SwarmId[]> {
    const swarms = (await this.items()).flatMap((item) => placingOf(item).swarmId ?? [])
    return swarms
      .filter((swarmId) => !after || swarmId > after)
      .sort()
      .slice(0, count)
  }

  async servedBySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined> {
    return (await this.items()).find((item) => placingOf(item).swarmId === swarmId)
  }

  async page(after: ItemRecord | undefined, count: number): Promise<ItemRecord[]> {
    const order = (a: ItemRecord, b: ItemRecord) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1)
    const items = (await this.items()).sort(order)
    return items.filter((item) => !after || order(item, after) > 0).slice(0, count)
  }

  async totals(): Promise<Totals> {
    const placed = (await this.items()).map(placingOf)
    const kept = placed.filter(({ standing }) => standing === 'kept').length
    const wholeBlocks = placed.reduce((sum, { blocks }) => sum + blocks, 0)
    return { items: placed.length - kept, kept, wholeBlocks }
  }
}
