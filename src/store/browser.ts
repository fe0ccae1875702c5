import type { SetId } from '../core/ids.ts'
import { IndexedDbCatalog } from './catalog-indexeddb.ts'
import { Database, type BlockHome } from './database.ts'
import { UnknownSet } from './errors.ts'
import { IndexedDbBlockStore } from './indexeddb.ts'
import { OpfsBlockStore, openPrivateFolder } from './opfs.ts'
import { SetTables } from './set-tables.ts'
import type { BlockStore, Catalog } from './types.ts'

export interface BrowserStore {
  readonly blocks: BlockStore
  readonly catalog: Catalog
  /** Where blocks of new data sets rest. */
  readonly home: BlockHome
}

/**
 * Blocks and catalog of this origin: blocks in private files where the browser has them (Chromium, in a dedicated
 * worker), else in IndexedDB; everything else in IndexedDB. A data set stays where it was made.
 * @throws StoreUnavailable where the browser gives none; StoreBlocked, StoreNewer, StoreFailed
 */
export async function openBrowserStore(name: string): Promise<BrowserStore> {
  const database = new Database(name)
  await database.read(['sets'], (tx) => tx.objectStore('sets').count())
  const catalog = new IndexedDbCatalog(database)
  const records = new IndexedDbBlockStore(database)
  const folder = await openPrivateFolder(name)
  if (!folder) return { blocks: records, catalog, home: 'records' }
  const files = await OpfsBlockStore.open(database, folder)
  return { blocks: byHome(new SetTables(database), files, records), catalog, home: 'file' }
}

/** One store of two, in one database: each data set's blocks are where it was made. New ones are made in `files`. */
function byHome(tables: SetTables, files: BlockStore, records: BlockStore): BlockStore {
  const homes = new Map<SetId, BlockStore>()
  const homeOf = async (set: SetId): Promise<BlockStore> => {
    const known = homes.get(set)
    if (known) return known
    const record = await tables.find(set)
    if (!record) throw new UnknownSet(set)
    const home = record.home === 'file' ? files : records
    homes.set(set, home)
    return home
  }
  return {
    create: (set, shape) => files.create(set, shape),
    shape: (set) => files.shape(set),
    putBlocks: async (set, blocks) => (await homeOf(set)).putBlocks(set, blocks),
    readBlocks: async (set, range) => (await homeOf(set)).readBlocks(set, range),
    held: (set) => files.held(set),
    putHashGroups: (set, groups) => files.putHashGroups(set, groups),
    readHashGroup: (set, group) => files.readHashGroup(set, group),
    remove: async (set) => {
      const record = await tables.find(set)
      homes.delete(set)
      if (record) await (record.home === 'file' ? files : records).remove(set)
    },
    sets: () => files.sets(),
    usedBytes: () => files.usedBytes(),
    close: async () => {
      await files.close()
      await records.close()
    }
  }
}
