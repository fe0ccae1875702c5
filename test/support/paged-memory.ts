import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import type { KeptTotals } from '../../src/core/keep/types.ts'
import { MemoryCatalog } from '../../src/store/memory.ts'
import { type KeptRecord, type PagedCatalog, placingOf, type Totals } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'

/** Pages of a catalog that is in memory anyway. */
export class PagedMemoryCatalog extends MemoryCatalog implements PagedCatalog {
  async restless(): Promise<ItemRecord[]> {
    return (await this.items()).filter((item) => ['restless', 'coming'].includes(placingOf(item).standing))
  }

  async servedSwarms(after: SwarmId | undefined, count: number): Promise<SwarmId[]> {
    const swarms = (await this.items()).flatMap((item) => placingOf(item).swarmId ?? [])
    return [...new Set(swarms)]
      .filter((swarmId) => !after || swarmId > after)
      .sort()
      .slice(0, count)
  }

  async servedBySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined> {
    return (await this.items()).find((item) => !item.kept && placingOf(item).swarmId === swarmId)
  }

  async keptTotals(): Promise<KeptTotals> {
    return totalsOf(await this.#kept())
  }

  async keptFor(swarmId: SwarmId, peerId: PeerId): Promise<{ record?: KeptRecord; theirs: KeptTotals }> {
    const theirs = (await this.#kept()).filter(({ kept }) => kept.peerId === peerId)
    return { record: await this.keptBySwarm(swarmId), theirs: totalsOf(theirs) }
  }

  async keptBySwarm(swarmId: SwarmId): Promise<KeptRecord | undefined> {
    return (await this.#whole()).find(({ kept }) => kept.swarmId === swarmId)
  }

  async keptEnded(byMs: number, count: number): Promise<KeptRecord[]> {
    return (await this.#whole()).filter(({ kept }) => kept.untilMs <= byMs).slice(0, count)
  }

  async nextKeptEnd(afterMs: number): Promise<number | undefined> {
    const ends = (await this.#whole()).map(({ kept }) => kept.untilMs).filter((untilMs) => untilMs > afterMs)
    return ends.length > 0 ? Math.min(...ends) : undefined
  }

  async #kept(): Promise<KeptRecord[]> {
    return (await this.items()).filter((item): item is KeptRecord => item.kept !== undefined)
  }

  async #whole(): Promise<KeptRecord[]> {
    return (await this.#kept()).filter(({ complete }) => complete)
  }

  async page(after: ItemRecord | undefined, count: number): Promise<ItemRecord[]> {
    const order = (a: ItemRecord, b: ItemRecord) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1)
    const items = (await this.items()).sort(order)
    return items.filter((item) => !after || order(item, after) > 0).slice(0, count)
  }

  async totals(): Promise<Totals> {
    const placed = (await this.items()).map(placingOf)
    const kept = placed.filter(({ standing }) => standing === 'kept' || standing === 'coming').length
    const wholeBlocks = placed.reduce((sum, { blocks }) => sum + blocks, 0)
    return { items: placed.length - kept, kept, wholeBlocks }
  }
}

const totalsOf = (records: readonly KeptRecord[]): KeptTotals => ({
  copies: records.length,
  bytes: records.reduce((sum, { kept }) => sum + kept.sizeBytes, 0)
})
