import type { Bitmap, BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import { fileWriteBytes, openFilesMax } from '../core/limits.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import { checkBlocks, checkRange } from './check.ts'
import { storeErrorOf, type Database, type SetRecord } from './database.ts'
import { BlockNotHeld, StoreClosed, StoreFull, UnknownSet } from './errors.ts'
import { GroupCommit } from './group-commit.ts'
import { LeasePool } from './lease-pool.ts'
import { blocksIn, piecesOf } from './runs.ts'
import { claim, SetTables } from './set-tables.ts'
import type { BlockStore, PlacedBlock, SetShape } from './types.ts'

/** The part of the File System standard that TypeScript does not describe yet. */
interface SharedAccessHandle extends FileSystemSyncAccessHandle {
  readonly mode?: string
}
interface SharedFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(options?: { mode: 'readwrite-unsafe' }): Promise<SharedAccessHandle>
}

/** A data set whose file is open, and what this tab knows of it. Another tab may know more. */
interface OpenSet {
  readonly record: SetRecord
  readonly file: SharedAccessHandle
  readonly held: Bitmap
  readonly commits: GroupCommit<readonly PlacedBlock[]>
}

/**
 * The folder of this origin's private files, where every tab may have a file open at once; undefined where the browser
 * has no such mode, or outside a dedicated worker.
 */
export async function openPrivateFolder(name: string): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory()
    const folder = await root.getDirectoryHandle(name, { create: true })
    const probe = await openShared(folder, probeName)
    const isShared = probe.mode === 'readwrite-unsafe'
    probe.close()
    return isShared ? folder : undefined
  } catch {
    return undefined
  }
}

/**
 * Blocks in files, one for each data set, every block at its own place; shapes, bitmaps and hashes in the database.
 * Several times faster than records. Tabs write one file side by side without harm: whatever they write at a place is
 * the same verified block, and it is claimed in the database only after a flush. [ST1] [ST7]
 */
export class OpfsBlockStore implements BlockStore {
  readonly #tables: SetTables
  readonly #folder: FileSystemDirectoryHandle
  readonly #open = new LeasePool<SetId, OpenSet>(openFilesMax, (set) => this.#openSet(set), closeSet)
  #closed = false

  private constructor(database: Database, folder: FileSystemDirectoryHandle) {
    this.#tables = new SetTables(database)
    this.#folder = folder
  }

  static async open(database: Database, folder: FileSystemDirectoryHandle): Promise<OpfsBlockStore> {
    const store = new OpfsBlockStore(database, folder)
    await store.#sweep()
    return store
  }

  create(set: SetId, shape: SetShape): Promise<void> {
    return this.#tables.create(set, shape, 'file')
  }

  async shape(set: SetId): Promise<SetShape | undefined> {
    const record = await this.#tables.find(set)
    return record && { blockCount: record.blockCount, blockBytes: record.blockBytes }
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    try {
      await this.#use(set, (open) => put(open, blocks))
    } catch (thrown) {
      if (!(thrown instanceof UnknownSet)) throw thrown
      // Another tab removed the data set; it may also have made it anew, in a file that is not open here yet.
      void this.#open.drop(set)
      await this.#use(set, (open) => put(open, blocks))
    }
  }

  async readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    const read = await this.#use(set, (open) => readHeld(open, range))
    if (read) return read
    // What is not held as far as this tab knows, another may have stored, or made anew.
    void this.#open.drop(set)
    return this.#use(set, (open) => {
      const again = readHeld(open, range)
      if (again) return again
      for (let index = range.start; ; index++) if (!open.held.has(index)) throw new BlockNotHeld(index)
    })
  }

  held(set: SetId): Promise<Bitmap | undefined> {
    return this.#tables.held(set)
  }

  putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    return this.#tables.putHashGroups(set, groups)
  }

  readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.#tables.readHashGroup(set, group)
  }

  async remove(set: SetId): Promise<void> {
    const removed = await this.#tables.remove(set)
    await this.#open.drop(set)
    if (removed) await this.#discard(fileOf(removed))
  }

  async sets(): Promise<SetId[]> {
    return (await this.#tables.all()).map(({ set }) => set as SetId)
  }

  usedBytes(): Promise<number> {
    return this.#tables.usedBytes()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#open.dropAll()
    await this.#tables.database.close()
  }

  async #use<T>(set: SetId, work: (open: OpenSet) => Promise<T> | T): Promise<T> {
    if (this.#closed) throw new StoreClosed()
    try {
      return await this.#open.use(set, work)
    } catch (thrown) {
      throw storeErrorOf(thrown)
    }
  }

  async #openSet(set: SetId): Promise<OpenSet> {
    const record = await this.#tables.known(set)
    const file = await openShared(this.#folder, fileOf(record))
    try {
      const held = await this.#tables.held(set)
      if (!held) throw new UnknownSet(set)
      const commit = (batches: readonly (readonly PlacedBlock[])[]) => this.#commit(open, batches.flat())
      const open: OpenSet = { record, file, held, commits: new GroupCommit(commit) }
      return open
    } catch (thrown) {
      file.close()
      throw thrown
    }
  }

  async #commit({ record, file, held }: OpenSet, blocks: readonly PlacedBlock[]): Promise<void> {
    file.flush()
    await this.#tables.database.write(['sets', 'held'], (tx) => claim(tx, record, blocks))
    for (const { index } of blocks) held.set(index)
  }

  /** Removes a file, or, while another tab has it open, what is in it; the name goes at the next opening. */
  async #discard(name: string): Promise<void> {
    try {
      await this.#folder.removeEntry(name)
    } catch {
      const file = await openShared(this.#folder, name).catch(() => undefined)
      file?.truncate(0)
      file?.close()
    }
  }

  /** Files whose data set is gone. The names are read first: a file is made after its data set. */
  async #sweep(): Promise<void> {
    const names: string[] = []
    for await (const name of this.#folder.keys()) names.push(name)
    const known = new Set((await this.#tables.all()).map(fileOf))
    const left = names.filter((name) => name !== probeName && !known.has(name))
    for (const name of left) await this.#folder.removeEntry(name).catch(() => {})
  }
}

/** Stays in the folder: another tab may be about to open it. */
const probeName = 'probe'

/** Serials are never used twice, so a file never has blocks of two data sets. */
const fileOf = ({ serial }: SetRecord): string => `${serial}.blocks`

async function openShared(folder: FileSystemDirectoryHandle, name: string): Promise<SharedAccessHandle> {
  const handle: SharedFileHandle = await folder.getFileHandle(name, { create: true })
  return handle.createSyncAccessHandle({ mode: 'readwrite-unsafe' })
}

async function put({ record, file, held, commits }: OpenSet, blocks: readonly PlacedBlock[]): Promise<void> {
  checkBlocks(record, blocks)
  const fresh = blocks.filter(({ index }) => !held.has(index))
  if (fresh.length === 0) return
  for (const { start, bytes } of piecesOf(fresh)) writeAll(file, bytes, start * record.blockBytes)
  await commits.add(fresh)
}

/** In parts: a large write costs several times more a byte. @throws StoreFull */
function writeAll(file: SharedAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  for (let from = 0; from < bytes.length; from += fileWriteBytes) {
    const part = bytes.subarray(from, from + fileWriteBytes)
    if (file.write(part, { at: at + from }) < part.length) throw new StoreFull()
  }
}

/** Undefined where something of the run is not held, or no longer. */
function readHeld({ record, file, held }: OpenSet, range: BlockRange): Uint8Array[] | undefined {
  checkRange(record, range)
  if (!held.hasRange(range)) return undefined
  const read = new Uint8Array(range.count * record.blockBytes)
  if (file.read(read, { at: range.start * record.blockBytes }) < read.length) return undefined
  return blocksIn(read, record.blockBytes)
}

async function closeSet({ file, commits }: OpenSet): Promise<void> {
  await commits.idle()
  file.close()
}
