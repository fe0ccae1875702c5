import { randomBytes } from 'node:crypto'
import { hexOf } from '../core/bytes.ts'
import { DiskCatalog } from './disk/catalog.ts'
import { Database } from './disk/database.ts'
import { StoreUnavailable } from './errors.ts'
import { fileErrorOf, prepareFolder } from './folder.ts'
import { S3BlockStore } from './s3/block-store.ts'
import { Bucket, type BucketPlace } from './s3/bucket.ts'

export type { BucketPlace } from './s3/bucket.ts'

/**
 * Blocks in an S3-compatible bucket; the catalog, and which blocks there are, in a folder, which belongs to this process
 * until both are closed. Several folders may share a bucket. [ST24]
 * @throws StoreUnavailable, StoreBlocked, StoreNewer, StoreFailed
 */
export async function openS3(
  folder: string,
  place: BucketPlace
): Promise<{ blocks: S3BlockStore; catalog: DiskCatalog }> {
  await prepareFolder(folder)
  const database = await Database.open(folder)
  try {
    const prefix = prefixIn(database, `${place.endpoint}/${place.bucket}`)
    await database.durable()
    return { blocks: new S3BlockStore(database, new Bucket(place), prefix), catalog: new DiskCatalog(database) }
  } catch (thrown) {
    await database.retain().release()
    throw fileErrorOf(thrown)
  }
}

/** What keys of this folder begin with; made at the first opening. */
function prefixIn(database: Database, place: string): string {
  const known = database.prepare('SELECT place, prefix FROM bucket').get() as
    { place: string; prefix: string } | undefined
  if (known && known.place !== place) throw new StoreUnavailable('the blocks of the folder lie in another bucket')
  if (known) return known.prefix
  if (database.prepare('SELECT 1 FROM sets').get()) throw new StoreUnavailable('the folder has blocks of its own')
  const prefix = `quire/${hexOf(randomBytes(8))}/`
  database.transaction(() => database.prepare('INSERT INTO bucket (place, prefix) VALUES (?, ?)').run(place, prefix))
  return prefix
}
