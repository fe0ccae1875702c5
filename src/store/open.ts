import { openFileSystem } from './filesystem.ts'
import { type BucketPlace, openS3 } from './s3.ts'

/**
 * The store of a folder, whose blocks lie in `bucket` where there is one.
 * @throws StoreUnavailable, StoreBlocked, StoreNewer, StoreFailed
 */
export const openStore = (folder: string, bucket?: BucketPlace) =>
  bucket ? openS3(folder, bucket) : openFileSystem(folder)
