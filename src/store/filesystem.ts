import { join } from 'node:path'
import { DiskBlockStore } from './disk/block-store.ts'
import { DiskCatalog } from './disk/catalog.ts'
import { Database } from './disk/database.ts'
import { takeOverVersion1 } from './disk/version-1.ts'
import { Slabs, slabsFolder } from './disk/slabs.ts'
import { StoreUnavailable } from './errors.ts'
import { fileErrorOf, prepareFolder } from './folder.ts'

/**
 * Blocks and catalog in a folder, which belongs to this process until both are closed.
 * @throws StoreUnavailable, StoreBlocked, StoreNewer, StoreFailed
 */
export async function openFileSystem(folder: string): Promise<{ blocks: DiskBlockStore; catalog: DiskCatalog }> {
  await prepareFolder(folder)
  const database = await Database.open(folder)
  if (database.prepare('SELECT 1 FROM bucket').get()) {
    await database.retain().release()
    throw new StoreUnavailable('the blocks of the folder lie in a bucket')
  }
  const blocks = new DiskBlockStore(database, await Slabs.open(join(folder, slabsFolder)))
  const catalog = new DiskCatalog(database)
  try {
    await takeOverVersion1(folder, blocks, catalog)
    return { blocks, catalog }
  } catch (thrown) {
    await blocks.close()
    await catalog.close()
    throw fileErrorOf(thrown)
  }
}
