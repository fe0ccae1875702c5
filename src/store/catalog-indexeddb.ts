import type { ManifestCid, SetId } from '../core/ids.ts'
import { checkedItem } from './check.ts'
import type { Database } from './database.ts'
import { leavingId, leavingName, leavingNames } from './leaving.ts'
import type { Catalog, ItemRecord } from './types.ts'

/** The library's memory in the database that also holds the blocks; closing one closes both. */
export class IndexedDbCatalog implements Catalog {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  items(): Promise<ItemRecord[]> {
    return this.#database.read(['items'], (tx) => tx.objectStore('items').getAll())
  }

  item(id: SetId): Promise<ItemRecord | undefined> {
    return this.#database.read(['items'], (tx) => tx.objectStore('items').get(id))
  }

  itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined> {
    return this.#database.read(['items'], (tx) => tx.objectStore('items').index('manifestCid').get(cid))
  }

  async putItem(item: ItemRecord): Promise<void> {
    const kept = checkedItem(item)
    await this.#database.write(['items', 'values'], (tx) =>
      Promise.all([tx.objectStore('items').put(kept), tx.objectStore('values').delete(leavingName(item.id))])
    )
  }

  async removeItem(id: SetId): Promise<void> {
    await this.#database.write(['items', 'values'], (tx) =>
      Promise.all([tx.objectStore('items').delete(id), tx.objectStore('values').put(true, leavingName(id))])
    )
  }

  async leaving(): Promise<SetId[]> {
    const range = IDBKeyRange.bound(leavingNames.from, leavingNames.to, false, true)
    return (await this.#database.read(['values'], (tx) => tx.objectStore('values').getAllKeys(range))).map(leavingId)
  }

  async left(id: SetId): Promise<void> {
    await this.#database.write(['values'], (tx) => tx.objectStore('values').delete(leavingName(id)))
  }

  get(name: string): Promise<unknown> {
    return this.#database.read(['values'], (tx) => tx.objectStore('values').get(name))
  }

  async put(name: string, value: unknown): Promise<void> {
    await this.#database.write(['values'], (tx) => tx.objectStore('values').put(value, name))
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
