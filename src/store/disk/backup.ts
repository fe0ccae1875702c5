import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { backupReadBytes } from '../../core/limits.ts'
import { StoreUnavailable } from '../errors.ts'
import { flushFolder, prepareFolder, writeAll } from '../folder.ts'
import { type Database, databaseName } from './database.ts'
import { slabName, slabsFolder, type Slabs } from './slabs.ts'
import type { Place } from './space.ts'

export interface BackupOptions {
  readonly signal?: AbortSignal
  /** Bytes of blocks that are copied so far, and all there are to copy. */
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void
}

/**
 * Makes `target` a folder with everything that is held at one moment, which opens like any other; without slabs it is
 * the database alone. Whoever calls sees to
 * it that no place is given to another meanwhile. An unfinished copy has another name and is removed. [ST23, ST26]
 * @throws StoreUnavailable where `target` is there already
 */
export async function backUp(
  database: Database,
  slabs: Slabs | undefined,
  target: string,
  options: BackupOptions
): Promise<void> {
  const there = await stat(target).catch(() => undefined)
  if (there) throw new StoreUnavailable('there is a file or folder of that name already')
  const unfinished = `${target}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await backup(database.sqlite, join(unfinished, databaseName))
    if (slabs) await copySlabs(slabs, unfinished, options)
    await flushFile(join(unfinished, databaseName))
    await prepareFolder(unfinished)
    await flushFolder(unfinished)
    await rename(unfinished, target)
    await flushFolder(dirname(target))
  } catch (thrown) {
    await rm(unfinished, { recursive: true, force: true })
    throw thrown
  }
}

/** Every place that the copied database knows, to the same place of another folder. */
async function copySlabs(slabs: Slabs, folder: string, { signal, onProgress }: BackupOptions): Promise<void> {
  await mkdir(join(folder, slabsFolder))
  const database = new DatabaseSync(join(folder, databaseName), { readOnly: true })
  try {
    const live = 'FROM segments WHERE serial IN (SELECT serial FROM sets)'
    const { total } = database.prepare(`SELECT COALESCE(SUM(size), 0) AS total ${live}`).get() as { total: number }
    const ofSlab = database.prepare(`SELECT slab, start, size ${live} AND slab = ? ORDER BY start`)
    let copied = 0
    for (const { slab } of database.prepare('SELECT slab FROM slabs').all()) {
      const copy = await open(join(folder, slabsFolder, slabName(slab as number)), 'wx')
      try {
        for (const { start, size } of runs(ofSlab.iterate(slab!) as Iterable<unknown> as Iterable<Place>)) {
          signal?.throwIfAborted()
          const bytes = new Uint8Array(size)
          // A file that ends early has no claimed blocks behind its end.
          await slabs.read(slab as number, start, bytes)
          await writeAll(copy, bytes, start)
          copied += size
          onProgress?.(copied, total)
        }
        await copy.sync()
      } finally {
        await copy.close()
      }
    }
    await flushFolder(join(folder, slabsFolder))
  } finally {
    database.close()
  }
}

/** Places that follow one another, joined up to what is read at once. */
function* runs(places: Iterable<Place>): Generator<Omit<Place, 'slab'>> {
  let run: { start: number; size: number } | undefined
  for (const { start, size } of places) {
    const follows = run && run.start + run.size === start && run.size + size <= backupReadBytes
    if (run && follows) {
      run.size += size
      continue
    }
    if (run) yield run
    run = { start, size }
  }
  if (run) yield run
}

async function flushFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.sync()
  await file.close()
}
