import type { ManifestCid, PeerId, SetId, SwarmId } from '../../core/ids.ts'
import type { KeptTotals } from '../../core/keep/types.ts'
import { catalogPageItems } from '../../core/limits.ts'
import { checkedItem } from '../check.ts'
import { StoreClosed } from '../errors.ts'
import { fileErrorOf } from '../folder.ts'
import { leavingId, leavingName, leavingNames } from '../leaving.ts'
import { type KeptRecord, type PagedCatalog, placingOf, type Standing, type Totals } from '../paged.ts'
import type { ItemRecord } from '../types.ts'
import type { Database } from './database.ts'
import { textOf, valueOf } from './values.ts'

/** Items and named values as rows of JSON. */
export class DiskCatalog implements PagedCatalog {
  readonly #database: Database
  readonly #sql
  #closed = false

  constructor(database: Database) {
    this.#database = database.retain()
    const one = (sql: string) => database.prepare(sql)
    this.#sql = {
      items: one('SELECT record FROM items ORDER BY rowid'),
      item: one('SELECT record FROM items WHERE id = ?'),
      byManifest: one('SELECT record FROM items WHERE manifest_cid = ? ORDER BY kept_until IS NOT NULL, rowid LIMIT 1'),
      putItem: one(
        `INSERT INTO items (id, manifest_cid, record, standing, swarm_id, blocks, created_at, kept_until, kept_bytes, kept_peer)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET manifest_cid = excluded.manifest_cid, record = excluded.record,
          standing = excluded.standing, swarm_id = excluded.swarm_id, blocks = excluded.blocks,
          created_at = excluded.created_at, kept_until = excluded.kept_until, kept_bytes = excluded.kept_bytes,
          kept_peer = excluded.kept_peer`
      ),
      unplaced: one('SELECT record FROM items WHERE standing IS NULL LIMIT ?'),
      byStanding: one('SELECT record FROM items WHERE standing = ?'),
      swarms: one('SELECT DISTINCT swarm_id AS swarmId FROM items WHERE swarm_id > ? ORDER BY swarm_id LIMIT ?'),
      bySwarm: one('SELECT record FROM items WHERE standing = ? AND swarm_id = ? LIMIT 1'),
      keptTotals: one('SELECT count(*) AS copies, total(kept_bytes) AS bytes FROM items WHERE kept_peer IS NOT NULL'),
      keptTotalsOf: one('SELECT count(*) AS copies, total(kept_bytes) AS bytes FROM items WHERE kept_peer = ?'),
      ended: one("SELECT record FROM items WHERE standing = 'kept' AND kept_until <= ? ORDER BY kept_until LIMIT ?"),
      nextEnd: one("SELECT min(kept_until) AS atMs FROM items WHERE standing = 'kept' AND kept_until > ?"),
      newest: one('SELECT record FROM items ORDER BY created_at DESC, id DESC LIMIT ?'),
      older: one('SELECT record FROM items WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?'),
      totals: one('SELECT standing, count(*) AS items, total(blocks) AS blocks FROM items GROUP BY standing'),
      removeItem: one('DELETE FROM items WHERE id = ?'),
      leaving: one('SELECT name FROM named WHERE name >= ? AND name < ?'),
      get: one('SELECT value FROM named WHERE name = ?'),
      drop: one('DELETE FROM named WHERE name = ?'),
      put: one('INSERT INTO named (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    }
    this.#placeAll()
  }

  async items(): Promise<ItemRecord[]> {
    return this.#use(() => Array.from(this.#sql.items.iterate(), itemOf))
  }

  async item(id: SetId): Promise<ItemRecord | undefined> {
    return this.#use(() => maybe(this.#sql.item.get(id)))
  }

  async itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined> {
    return this.#use(() => maybe(this.#sql.byManifest.get(cid)))
  }

  async putItem(item: ItemRecord): Promise<void> {
    const text = textOf(checkedItem(item))
    await this.#change(() => {
      this.#put(item, text)
      this.#sql.drop.run(leavingName(item.id))
    })
  }

  async restless(): Promise<ItemRecord[]> {
    const all = (standing: Standing) => Array.from(this.#sql.byStanding.iterate(standing), itemOf)
    return this.#use(() => [...all('restless'), ...all('coming')])
  }

  async servedSwarms(after: SwarmId | undefined, count: number): Promise<SwarmId[]> {
    return this.#use(() => this.#sql.swarms.all(after ?? '', count).map(({ swarmId }) => swarmId as SwarmId))
  }

  async servedBySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined> {
    return this.#use(() => maybe(this.#sql.bySwarm.get('served' satisfies Standing, swarmId)))
  }

  async keptTotals(): Promise<KeptTotals> {
    return this.#use(() => totalsOf(this.#sql.keptTotals.get()))
  }

  async keptFor(swarmId: SwarmId, peerId: PeerId): Promise<{ record?: KeptRecord; theirs: KeptTotals }> {
    return this.#use(() => ({ record: this.#kept(swarmId), theirs: totalsOf(this.#sql.keptTotalsOf.get(peerId)) }))
  }

  async keptBySwarm(swarmId: SwarmId): Promise<KeptRecord | undefined> {
    return this.#use(() => this.#kept(swarmId))
  }

  async keptEnded(byMs: number, count: number): Promise<KeptRecord[]> {
    return this.#use(() =>
      Array.from(this.#sql.ended.iterate(Math.floor(byMs), count), (row) => itemOf(row) as KeptRecord)
    )
  }

  async nextKeptEnd(afterMs: number): Promise<number | undefined> {
    const { atMs } = this.#use(() => this.#sql.nextEnd.get(Math.floor(afterMs))!)
    return typeof atMs === 'number' ? atMs : undefined
  }

  async page(after: ItemRecord | undefined, count: number): Promise<ItemRecord[]> {
    const rows = () =>
      after ? this.#sql.older.iterate(Math.floor(after.createdAtMs), after.id, count) : this.#sql.newest.iterate(count)
    return this.#use(() => Array.from(rows(), itemOf))
  }

  async totals(): Promise<Totals> {
    const rows = this.#use(() => this.#sql.totals.all()) as { standing: Standing; items: number; blocks: number }[]
    const isKept = ({ standing }: { standing: Standing }) => standing === 'kept' || standing === 'coming'
    const own = rows.filter((row) => !isKept(row))
    const items = own.reduce((sum, row) => sum + row.items, 0)
    const wholeBlocks = own.reduce((sum, row) => sum + row.blocks, 0)
    const kept = rows.filter(isKept).reduce((sum, row) => sum + row.items, 0)
    return { items, kept, wholeBlocks }
  }

  async removeItem(id: SetId): Promise<void> {
    await this.#change(() => {
      this.#sql.removeItem.run(id)
      this.#sql.put.run(leavingName(id), textOf(true))
    })
  }

  async leaving(): Promise<SetId[]> {
    const { from, to } = leavingNames
    return this.#use(() => this.#sql.leaving.all(from, to).map(({ name }) => leavingId(name as string)))
  }

  async left(id: SetId): Promise<void> {
    await this.#change(() => this.#sql.drop.run(leavingName(id)))
  }

  async get(name: string): Promise<unknown> {
    return this.#use(() => {
      const { value } = this.#sql.get.get(name) ?? {}
      return typeof value === 'string' ? valueOf(value) : undefined
    })
  }

  async put(name: string, value: unknown): Promise<void> {
    const text = textOf(value)
    await this.#change(() => this.#sql.put.run(name, text))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#database.durable()
    await this.#database.release()
  }

  #put(item: ItemRecord, text: string): void {
    const { id, manifestCid = null, createdAtMs, kept } = item
    const { standing, swarmId = null, blocks } = placingOf(item)
    const keeping = kept ? [Math.ceil(kept.untilMs), kept.sizeBytes, kept.peerId] : [null, null, null]
    this.#sql.putItem.run(id, manifestCid, text, standing, swarmId, blocks, Math.floor(createdAtMs), ...keeping)
  }

  #kept(swarmId: SwarmId): KeptRecord | undefined {
    return maybe(this.#sql.bySwarm.get('kept' satisfies Standing, swarmId)) as KeptRecord | undefined
  }

  /** What an earlier version wrote says in its record alone where it belongs. Once; later there is nothing to do. */
  #placeAll(): void {
    const placeSome = () => {
      const rows = this.#sql.unplaced.all(catalogPageItems)
      for (const row of rows) this.#put(itemOf(row), row.record as string)
      return rows.length
    }
    while (this.#database.transaction(placeSome) > 0);
  }

  async #change(work: () => unknown): Promise<void> {
    this.#use(() => this.#database.transaction(work))
    await this.#database.durable()
  }

  #use<T>(work: () => T): T {
    if (this.#closed) throw new StoreClosed()
    try {
      return work()
    } catch (thrown) {
      throw fileErrorOf(thrown)
    }
  }
}

const itemOf = ({ record }: Record<string, unknown>): ItemRecord => valueOf(record as string) as ItemRecord

const maybe = (row: Record<string, unknown> | undefined): ItemRecord | undefined => row && itemOf(row)

const totalsOf = (row: Record<string, unknown> | undefined): KeptTotals => row as unknown as KeptTotals
