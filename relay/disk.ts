import { statfs } from 'node:fs/promises'
import type { EngineOptions } from '../src/engine/options.ts'
import { Dormant } from '../src/engine/dormant.ts'
import { platformTimers } from '../src/engine/watch.ts'
import type { PagedCatalog } from '../src/store/paged.ts'
import { openStore } from '../src/store/open.ts'
import type { BucketPlace } from '../src/store/s3.ts'
import { buffered } from '../src/store/segment-buffer.ts'

/** A folder as an engine takes it: store, catalog, and what the disk has left. */
export interface Disk extends Pick<EngineOptions, 'store' | 'dormant' | 'flush' | 'room'> {
  readonly catalog: PagedCatalog
  /** Copies all of it, as it is now, into a folder that is not there yet. @throws StoreUnavailable, StoreFull */
  backUp(target: string, signal: AbortSignal): Promise<void>
}

/** Blocks lie in `bucket` if there is one. */
export async function openDisk(folder: string, bucket?: BucketPlace): Promise<Disk> {
  const { blocks, catalog } = await openStore(folder, bucket)
  const store = buffered(blocks, platformTimers)
  const freeBytes = async () => {
    if (bucket) return Number.MAX_SAFE_INTEGER // what a bucket has left is told by a put alone
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  }
  return {
    store,
    catalog,
    dormant: (parts) => new Dormant(parts, catalog),
    flush: (set) => store.flush(set),
    backUp: (target, signal) => blocks.backUp(target, { signal }),
    room: { durable: true, freeBytes, persisted: async () => true }
  }
}
