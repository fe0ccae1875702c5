import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Bitmap } from '../../core/block/bitmap.ts'
import { bytesOfHex } from '../../core/bytes.ts'
import { type GroupIndex, groupIndex, type SetId } from '../../core/ids.ts'
import { segmentBlocks } from '../../core/limits.ts'
import { groupCountOf } from '../../core/merkle/group.ts'
import { checkShape, groupSizes } from '../check.ts'
import { StoreBlocked, StoreFailed } from '../errors.ts'
import { codeOf, flushFolder, textOrUndefined } from '../folder.ts'
import { blocksIn } from '../runs.ts'
import type { BlockStore, Catalog, ItemRecord, SetShape } from '../types.ts'
import { valueOf } from './values.ts'

/**
 * Takes over what version 1 left in a folder: `catalog.json`, and a folder for each data set under `sets/`. Each is
 * removed when it is durable in its new place, so that a start that is cut off goes on at the next.
 * @throws StoreBlocked while a program of version 1 runs, StoreFailed when its catalog cannot be understood
 */
export async function takeOverVersion1(folder: string, blocks: BlockStore, catalog: Catalog): Promise<void> {
  const sets = join(folder, 'sets')
  const names = await readdir(sets).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  if (!names) return
  await checkOwner(join(folder, 'lock'))
  await takeOverCatalog(join(folder, 'catalog.json'), catalog)
  let isEmpty = true
  for (const name of names) {
    const path = join(sets, name)
    // Left by a making or a removal that did not come to its end.
    const isOurs = name.startsWith('.') || (await takeOverSet(path, name, blocks))
    if (isOurs) await rm(path, { recursive: true, force: true })
    isEmpty &&= isOurs
  }
  await rm(join(folder, 'lock'), { force: true })
  // What nobody here made is left alone.
  if (isEmpty) await rm(sets, { recursive: true })
  await flushFolder(folder)
}

/** Version 1 wrote its process id into the folder. */
async function checkOwner(path: string): Promise<void> {
  const owner = Number((await textOrUndefined(path)) ?? '0')
  if (owner === 0 || owner === process.pid) return
  try {
    process.kill(owner, 0)
  } catch (thrown) {
    if (codeOf(thrown) !== 'EPERM') return
  }
  throw new StoreBlocked(`another program (process ${owner}) uses the folder`)
}

async function takeOverCatalog(path: string, catalog: Catalog): Promise<void> {
  const text = await textOrUndefined(path)
  if (text === undefined) return
  const { items, values } = contentsOf(text)
  await Promise.all(items.map((item) => catalog.putItem(item)))
  await Promise.all(values.map(([name, value]) => catalog.put(name, value)))
  await rm(path)
}

function contentsOf(text: string): { items: ItemRecord[]; values: [string, unknown][] } {
  try {
    return valueOf(text) as ReturnType<typeof contentsOf>
  } catch (thrown) {
    throw new StoreFailed('the catalog cannot be read', { cause: thrown })
  }
}

/** False for a folder that nobody here made. */
async function takeOverSet(path: string, name: string, store: BlockStore): Promise<boolean> {
  const id = bytesOfHex(name)
  const shape = await readShape(path)
  if (!id || !shape) return false
  const set = new TextDecoder().decode(id) as SetId
  await store.create(set, shape)
  await copyBlocks(join(path, 'blocks'), shape, (start, bytes) =>
    store.putBlocks(
      set,
      blocksIn(bytes, shape.blockBytes).map((block, i) => ({ index: start + i, bytes: block }))
    )
  )
  await copyHashes(join(path, 'hashes'), shape, set, store)
  return true
}

async function readShape(path: string): Promise<SetShape | undefined> {
  try {
    const { blockCount, blockBytes } = JSON.parse(await readFile(join(path, 'shape.json'), 'utf8')) as SetShape
    checkShape({ blockCount, blockBytes })
    return { blockCount, blockBytes }
  } catch (thrown) {
    if (['EACCES', 'EIO', 'EMFILE'].includes(codeOf(thrown))) throw thrown
    return undefined
  }
}

async function copyBlocks(
  path: string,
  { blockCount, blockBytes }: SetShape,
  put: (start: number, bytes: Uint8Array) => Promise<void>
): Promise<void> {
  await eachSlotRun(path, { slotCount: blockCount, slotBytes: blockBytes, runMax: segmentBlocks }, put)
}

/** A slot has the leaves of a full group at its start and the path at its end: the last group leaves a gap between. */
async function copyHashes(path: string, { blockCount }: SetShape, set: SetId, store: BlockStore): Promise<void> {
  if (blockCount === 0) return
  const full = groupSizes(blockCount, 0 as GroupIndex)
  const slots = { slotCount: groupCountOf(blockCount), slotBytes: full.leavesBytes + full.pathBytes, runMax: 1 }
  await eachSlotRun(path, slots, async (index, slot) => {
    const group = groupIndex(index)
    const { leavesBytes, pathBytes } = groupSizes(blockCount, group)
    const hashes = { leaves: slot.slice(0, leavesBytes), path: slot.slice(slot.length - pathBytes) }
    await store.putHashGroups(set, [{ group, hashes }])
  })
}

interface Slots {
  readonly slotCount: number
  readonly slotBytes: number
  /** Slots that are read at one go. */
  readonly runMax: number
}

/** Filled slots of a file, by the file of one bit a slot beside it. Those past the end of the data are not believed. */
async function eachSlotRun(
  path: string,
  { slotCount, slotBytes, runMax }: Slots,
  work: (start: number, bytes: Uint8Array) => Promise<void>
): Promise<void> {
  const marks = await bytesOrNone(`${path}.held`)
  const bits = new Uint8Array(Math.ceil(slotCount / 8))
  bits.set(marks.subarray(0, bits.length))
  const filled = new Bitmap(slotCount, bits)
  if (filled.count === 0) return
  const file = await open(path, 'r')
  try {
    const whole = Math.floor((await file.stat()).size / slotBytes)
    filled.clearRange({ start: whole, count: Math.max(0, slotCount - whole) })
    for (const { start, count } of filled.ranges()) {
      for (let at = start; at < start + count; at += runMax) {
        const bytes = new Uint8Array(Math.min(runMax, start + count - at) * slotBytes)
        await file.read(bytes, 0, bytes.length, at * slotBytes)
        await work(at, bytes)
      }
    }
  } finally {
    await file.close()
  }
}

async function bytesOrNone(path: string): Promise<Uint8Array> {
  return readFile(path).catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return new Uint8Array()
    throw thrown
  })
}
