import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bitmap, BlockRange } from '../core/block/bitmap.ts'
import { bytesOfHex, hexOf } from '../core/bytes.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import { openFilesMax } from '../core/limits.ts'
import { groupCountOf, type HashGroup } from '../core/merkle/group.ts'
import { FileCatalog } from './catalog-file.ts'
import {
  checkBlocks,
  checkGroup,
  checkHashes,
  checkRange,
  checkSameShape,
  checkSetId,
  checkShape,
  groupSizes
} from './check.ts'
import { BlockNotHeld, StoreClosed, UnknownSet } from './errors.ts'
import { codeOf, fileErrorOf, flushFolder, openFolder, writeAtomically } from './folder.ts'
import { LeasePool } from './lease-pool.ts'
import { blocksIn, runsOf } from './runs.ts'
import { SlotFile } from './slot-file.ts'
import type { BlockStore, Catalog, PlacedBlock, SetShape } from './types.ts'

/**
 * Blocks and catalog in a folder, which belongs to this process until both are closed.
 * @throws StoreUnavailable, StoreBlocked, StoreNewer
 */
export async function openFileSystem(folder: string): Promise<{ blocks: BlockStore; catalog: Catalog }> {
  const unlock = await openFolder(folder)
  try {
    const catalog = await FileCatalog.open(join(folder, 'catalog.json'))
    const blocks = await FileBlockStore.open(join(folder, 'sets'), unlock)
    return { blocks, catalog }
  } catch (thrown) {
    await unlock()
    throw fileErrorOf(thrown)
  }
}

interface SetFiles {
  readonly blocks: SlotFile
  readonly hashes: SlotFile
}

interface KnownSet {
  readonly shape: SetShape
  usedBytes: number
}

/** Two slot files and two bitmaps are open for a set in use. */
const filesOfSet = 4

/** Each data set is a folder: its shape, and one file each for blocks and hash groups, every one at its own place. */
class FileBlockStore implements BlockStore {
  readonly #folder: string
  readonly #unlock: () => Promise<void>
  readonly #sets = new Map<SetId, KnownSet>()
  readonly #files: LeasePool<SetId, SetFiles>
  /** Makings and removals, one after the other. */
  #changing: Promise<unknown> = Promise.resolve()
  #removals = 0
  #closed = false

  private constructor(folder: string, unlock: () => Promise<void>) {
    this.#folder = folder
    this.#unlock = unlock
    this.#files = new LeasePool(openFilesMax / filesOfSet, (set) => this.#openFiles(set), closeFiles)
  }

  static async open(folder: string, unlock: () => Promise<void>): Promise<FileBlockStore> {
    const store = new FileBlockStore(folder, unlock)
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      // Left by a making or a removal that did not come to its end.
      if (name.startsWith('.')) await rm(path, { recursive: true, force: true })
      else await store.#learn(name)
    }
    return store
  }

  create(set: SetId, shape: SetShape): Promise<void> {
    return this.#change(async () => {
      checkSetId(set)
      checkShape(shape)
      const known = this.#sets.get(set)
      if (known) return checkSameShape(known.shape, shape)
      const { blockCount, blockBytes } = shape
      const making = join(this.#folder, `.new-${nameOf(set)}`)
      await mkdir(making, { recursive: true })
      await writeAtomically(join(making, 'shape.json'), JSON.stringify({ blockCount, blockBytes }))
      await rename(making, this.#pathOf(set))
      await flushFolder(this.#folder)
      this.#sets.set(set, { shape: { blockCount, blockBytes }, usedBytes: 0 })
    })
  }

  async shape(set: SetId): Promise<SetShape | undefined> {
    this.#checkOpen()
    return this.#sets.get(set)?.shape
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    await this.#use(set, async ({ blocks: file }, { shape }) => {
      checkBlocks(shape, blocks)
      const fresh = blocks.filter(({ index }) => !file.filled.has(index))
      await file.write(runsOf(fresh))
    })
  }

  async readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    return this.#use(set, async ({ blocks }, { shape }) => {
      checkRange(shape, range)
      for (let index = range.start; index < range.start + range.count; index++) {
        if (!blocks.filled.has(index)) throw new BlockNotHeld(index)
      }
      const read = new Uint8Array(range.count * shape.blockBytes)
      if (!(await blocks.read(range.start, read))) throw new BlockNotHeld(range.start)
      return blocksIn(read, shape.blockBytes)
    })
  }

  async held(set: SetId): Promise<Bitmap | undefined> {
    this.#checkOpen()
    if (!this.#sets.has(set)) return undefined
    return this.#use(set, ({ blocks }) => blocks.filled.clone())
  }

  async putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    await this.#use(set, async ({ hashes: file }, { shape }) => {
      for (const { group, hashes } of groups) checkHashes(shape, group, hashes)
      const fresh = groups.filter(({ group }) => !file.filled.has(group))
      await file.write(fresh.map(({ group, hashes }) => ({ start: group, count: 1, bytes: slotOf(shape, hashes) })))
    })
  }

  async readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.#use(set, async ({ hashes }, { shape }) => {
      checkGroup(shape, group)
      const slot = new Uint8Array(hashSlotBytes(shape))
      if (!hashes.filled.has(group) || !(await hashes.read(group, slot))) return undefined
      const { leavesBytes, pathBytes } = groupSizes(shape.blockCount, group)
      return { leaves: slot.slice(0, leavesBytes), path: slot.slice(slot.length - pathBytes) }
    })
  }

  remove(set: SetId): Promise<void> {
    return this.#change(async () => {
      if (!this.#sets.delete(set)) return
      await this.#files.drop(set)
      const gone = join(this.#folder, `.old-${this.#removals++}-${nameOf(set)}`)
      await rename(this.#pathOf(set), gone)
      await flushFolder(this.#folder)
      await rm(gone, { recursive: true, force: true })
    })
  }

  async sets(): Promise<SetId[]> {
    this.#checkOpen()
    return [...this.#sets.keys()]
  }

  async usedBytes(): Promise<number> {
    this.#checkOpen()
    return this.#sets.values().reduce((sum, { usedBytes }) => sum + usedBytes, 0)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#changing.catch(() => {})
    await this.#files.dropAll()
    await this.#unlock()
  }

  async #use<T>(set: SetId, work: (files: SetFiles, known: KnownSet) => Promise<T> | T): Promise<T> {
    this.#checkOpen()
    const known = this.#sets.get(set)
    if (!known) throw new UnknownSet(set)
    try {
      return await this.#files.use(set, async (files) => {
        const result = await work(files, known)
        known.usedBytes = usedBytesOf(files, known.shape)
        return result
      })
    } catch (thrown) {
      throw fileErrorOf(thrown)
    }
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changing.then(async () => {
      this.#checkOpen()
      try {
        await work()
      } catch (thrown) {
        throw fileErrorOf(thrown)
      }
    })
    this.#changing = change.catch(() => {})
    return change
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreClosed()
  }

  #pathOf(set: SetId): string {
    return join(this.#folder, nameOf(set))
  }

  async #openFiles(set: SetId): Promise<SetFiles> {
    const known = this.#sets.get(set)
    if (!known) throw new UnknownSet(set)
    const { blockCount, blockBytes } = known.shape
    const blocks = await SlotFile.open(join(this.#pathOf(set), 'blocks'), blockCount, blockBytes)
    try {
      const path = join(this.#pathOf(set), 'hashes')
      return { blocks, hashes: await SlotFile.open(path, groupCountOf(blockCount), hashSlotBytes(known.shape)) }
    } catch (thrown) {
      await blocks.close()
      throw thrown
    }
  }

  /** A folder that nobody here made is left alone. */
  async #learn(name: string): Promise<void> {
    const shape = await readShape(join(this.#folder, name))
    const id = bytesOfHex(name)
    if (!shape || !id) return
    const set = new TextDecoder().decode(id) as SetId
    this.#sets.set(set, { shape, usedBytes: 0 })
    await this.#use(set, () => undefined)
  }
}

/** Hexadecimal: safe as a name everywhere, and one name for one id on systems that ignore case. */
const nameOf = (set: SetId): string => hexOf(new TextEncoder().encode(set))

async function readShape(folder: string): Promise<SetShape | undefined> {
  try {
    const { blockCount, blockBytes } = JSON.parse(await readFile(join(folder, 'shape.json'), 'utf8')) as SetShape
    checkShape({ blockCount, blockBytes })
    return { blockCount, blockBytes }
  } catch (thrown) {
    if (['EACCES', 'EIO', 'EMFILE'].includes(codeOf(thrown))) throw thrown
    return undefined
  }
}

/** Leaves of a full group, then its path: the last group leaves a gap between them. */
function hashSlotBytes({ blockCount }: SetShape): number {
  if (blockCount === 0) return 1
  const { leavesBytes, pathBytes } = groupSizes(blockCount, 0 as GroupIndex)
  return leavesBytes + pathBytes
}

function slotOf(shape: SetShape, { leaves, path }: HashGroup): Uint8Array {
  const slot = new Uint8Array(hashSlotBytes(shape))
  slot.set(leaves)
  slot.set(path, slot.length - path.length)
  return slot
}

function usedBytesOf({ blocks, hashes }: SetFiles, shape: SetShape): number {
  let hashesBytes = 0
  for (const { start, count } of hashes.filled.ranges()) {
    for (let group = start; group < start + count; group++) {
      const { leavesBytes, pathBytes } = groupSizes(shape.blockCount, group as GroupIndex)
      hashesBytes += leavesBytes + pathBytes
    }
  }
  return blocks.filled.count * shape.blockBytes + hashesBytes
}

async function closeFiles({ blocks, hashes }: SetFiles): Promise<void> {
  await Promise.all([blocks.close(), hashes.close()])
}
