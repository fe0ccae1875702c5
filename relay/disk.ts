import { statfs } from 'node:fs/promises'
import type { EngineOptions } from '../src/engine/options.ts'
import { platformTimers } from '../src/engine/watch.ts'
import { openFileSystem } from '../src/store/filesystem.ts'
import { buffered } from '../src/store/segment-buffer.ts'

/** A folder as an engine takes it: store, catalog, and what the disk has left. */
export async function openDisk(folder: string): Promise<Pick<EngineOptions, 'store' | 'catalog' | 'flush' | 'room'>> {
  const { blocks, catalog } = await openFileSystem(folder)
  const store = buffered(blocks, platformTimers)
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  }
  return {
    store,
    catalog,
    flush: (set) => store.flush(set),
    room: { durable: true, freeBytes, persisted: async () => true, persist: async () => true }
  }
}
