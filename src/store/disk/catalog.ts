import type { ManifestCid, SetId } from '../../core/ids.ts'
import { checkedItem } from '../check.ts'
import { StoreClosed } from '../errors.ts'
import { fileErrorOf } from '../folder.ts'
import type { Catalog, ItemRecord } from '../types.ts'
import type { Database } from './database.ts'
import { textOf, valueOf } from './values.ts'

/** Items and named values as rows of JSON. */
export class DiskCatalog implements Catalog {
  readonly #database: Database
  readonly #sql
  #closed = false

  constructor(database: Database) {
    this.#database = database.retain()
    const one = (sql: string) => database.prepare(sql)
    this.#sql = {
      items: one('SELECT record FROM items ORDER BY rowid'),
      item: one('SELECT record FROM items WHERE id = ?'),
      byManifest: one('SELECT record FROM items WHERE manifest_cid = ? ORDER BY rowid LIMIT 1'),
      putItem: one(
        `INSERT INTO items (id, manifest_cid, record) VALUES (?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET manifest_cid = excluded.manifest_cid, record = excluded.record`
      ),
      removeItem: one('DELETE FROM items WHERE id = ?'),
      get: one('SELECT value FROM named WHERE name = ?'),
      put: one('INSERT INTO named (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
    }
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
    const { id, manifestCid = null } = item
    const text = textOf(checkedItem(item))
    await this.#change(() => this.#sql.putItem.run(id, manifestCid, text))
  }

  async removeItem(id: SetId): Promise<void> {
    await this.#change(() => this.#sql.removeItem.run(id))
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
