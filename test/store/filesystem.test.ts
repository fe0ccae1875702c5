import { cp, mkdir, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, vi } from 'vitest'
import { groupIndex, type SetId } from '../../src/core/ids.ts'
import { blockBytesMax } from '../../src/core/limits.ts'
import {
  BlockNotHeld,
  StoreBlocked,
  StoreFailed,
  StoreNewer,
  StoreUnavailable,
  UnknownSet
} from '../../src/store/errors.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { catalogSuite } from '../suites/catalog.ts'
import { pagedCatalogSuite } from '../suites/paged-catalog.ts'
import { seededBytes } from '../support/seeded.ts'
import { holdRead, inPlace, isSame, openPlace, type Place, slabBytesOf } from '../support/store-folder.ts'
import { v1, v1Block, v1Leaves } from '../support/store-v1.ts'

/** Until the function it returns is called, files take nothing more. */
async function fillDisk(folder: string): Promise<() => void> {
  const probe = await open(join(folder, 'probe'), 'w')
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const spy = vi.spyOn(Object.getPrototypeOf(probe) as typeof probe, 'write').mockRejectedValue(full)
  await probe.close()
  return () => spy.mockRestore()
}

async function openBlocks() {
  const place = await openPlace()
  const { folder } = place
  return {
    ...place,
    store: place.blocks,
    reopen: async () => (await place.reopen()).blocks,
    // What is on the disk at this moment, while the first still writes.
    crash: async () => {
      await cp(folder, `${folder}-crashed`, { recursive: true })
      return (await place.open(`${folder}-crashed`)).blocks
    },
    fillDisk: () => fillDisk(folder)
  }
}

blockStoreSuite('file system', openBlocks, ['crash', 'fillDisk'])

catalogSuite('file system', async () => {
  const place = await openPlace()
  return { ...place, reopen: async () => (await place.reopen()).catalog }
})

pagedCatalogSuite('file system', openPlace)

const set = 'a-set' as SetId
const hexName = Buffer.from(set).toString('hex')
const shape = { blockCount: 20, blockBytes: 1024 }
const block = (index: number) => ({ index, bytes: seededBytes(index + 1, 1024) })

/** A folder that nobody opened yet. */
const inFolder = (work: (place: Place) => Promise<void>) =>
  inPlace(async (place) => {
    await place.closeAll()
    await rm(place.folder, { recursive: true })
    await mkdir(place.folder)
    await work(place)
  })

describe('a folder', () => {
  it('[ST17] has one owner, whose claim ends with it', () =>
    inPlace(async ({ folder, open, closeAll }) => {
      await expect(open()).rejects.toBeInstanceOf(StoreBlocked)
      await closeAll()
      await open()
      expect(await readdir(folder)).toContain('store.db')
    }))

  it('[ST17] of a newer version, or one that cannot be a folder, says so', () =>
    inFolder(async ({ folder }) => {
      const format = join(folder, 'format.json')
      await writeFile(format, '{"version":99}')
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreNewer)
      await writeFile(format, 'no JSON')
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(openFileSystem(format)).rejects.toBeInstanceOf(StoreUnavailable)
    }))

  it('[ST17] whose database is newer, or is none, is left as it is', () =>
    inFolder(async ({ folder }) => {
      const path = join(folder, 'store.db')
      await writeFile(path, 'x'.repeat(8192))
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreFailed)
      expect(await readFile(path, 'utf8')).toBe('x'.repeat(8192))
      await rm(path)
      const newer = new DatabaseSync(path)
      newer.exec('PRAGMA user_version = 99')
      newer.close()
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreNewer)
    }))

  it('[ST18] does not read blocks that the end of the file cut off', () =>
    inPlace(async ({ folder, blocks, reopen }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(1), block(2), block(3)])
      await truncate(join(folder, 'slabs', '000001.slab'), 3 * 1024 + 5)
      const again = (await reopen()).blocks
      expect(await again.readBlocks(set, { start: 1, count: 2 })).toHaveLength(2)
      await expect(again.readBlocks(set, { start: 1, count: 3 })).rejects.toBeInstanceOf(BlockNotHeld)
    }))

  it('[ST19] opens, and tells what is held, without looking at the files of blocks', () =>
    inPlace(async ({ folder, blocks, closeAll, open }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(1), block(2)])
      await closeAll()
      await rm(join(folder, 'slabs'), { recursive: true })
      const again = (await open()).blocks
      expect([...(await again.held(set))!.ranges()]).toEqual([{ start: 1, count: 2 }])
      expect(await again.usedBytes()).toBe(2 * 1024)
      await expect(again.readBlocks(set, { start: 1, count: 1 })).rejects.toBeInstanceOf(BlockNotHeld)
    }))

  it('[ST20] gives the space of removed data sets to new ones', () =>
    inPlace(async ({ folder, blocks }) => {
      for (let round = 0; round < 5; round++) {
        for (const name of ['a', 'b', 'c'] as SetId[]) {
          await blocks.create(name, shape)
          await blocks.putBlocks(name, [block(0), block(round), block(19)])
        }
        for (const name of ['b', 'a', 'c'] as SetId[]) await blocks.remove(name)
        await blocks.swept()
        expect(await slabBytesOf(folder)).toBe(0)
      }
      await blocks.create(set, shape)
      expect((await blocks.held(set))!.count).toBe(0)
      expect(await blocks.usedBytes()).toBe(0)
    }))

  it('[ST20] gives space back to the disk: what lies behind gaps moves in front', () =>
    inPlace(async ({ folder, blocks, reopen }) => {
      const large = { blockCount: 64, blockBytes: blockBytesMax / 4 }
      const blocksOf = (seed: number) =>
        Array.from({ length: 64 }, (_, index) => ({ index, bytes: seededBytes(seed * 64 + index, large.blockBytes) }))
      const names = ['0', '1', '2', '3', '4', '5'] as SetId[]
      for (const [seed, name] of names.entries()) {
        await blocks.create(name, large)
        await blocks.putBlocks(name, blocksOf(seed))
      }
      const segment = 64 * large.blockBytes
      expect(await slabBytesOf(folder)).toBe(6 * segment)
      for (const name of names.slice(0, 4)) await blocks.remove(name)
      const reading = blocks.readBlocks(names[5]!, { start: 0, count: 64 })
      await blocks.swept()
      expect(isSame(await reading, blocksOf(5))).toBe(true)
      expect(await slabBytesOf(folder)).toBeLessThanOrEqual(3 * segment)
      const again = (await reopen()).blocks
      for (const seed of [4, 5]) {
        const read = await again.readBlocks(names[seed]!, { start: 0, count: 64 })
        expect(isSame(read, blocksOf(seed))).toBe(true)
      }
    }))

  it('[ST20] leaves a reader its bytes while their data set goes and others come', () =>
    inPlace(async ({ folder, blocks }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(0), block(1)])
      const held = await holdRead(folder, 'beginning')
      const reading = blocks.readBlocks(set, { start: 0, count: 2 })
      await held.begun
      await blocks.remove(set)
      await blocks.create('b' as SetId, shape)
      await blocks.putBlocks('b' as SetId, [block(9), { ...block(8), index: 0 }, { ...block(7), index: 1 }])
      held.release()
      expect(await reading).toEqual([block(0).bytes, block(1).bytes])
    }))

  it('[ST20] does not move a segment past a put', () =>
    inPlace(async ({ folder, blocks }) => {
      const large = { blockCount: 64, blockBytes: blockBytesMax / 4 }
      const halfOf = (seed: number, start: number) =>
        Array.from({ length: 32 }, (_, i) => ({ index: start + i, bytes: seededBytes(seed + i, large.blockBytes) }))
      for (const name of ['a', 'b', 'c', 'd'] as SetId[]) {
        await blocks.create(name, large)
        await blocks.putBlocks(name, halfOf(1, 32))
      }
      const held = await holdRead(folder, 'end')
      for (const name of ['a', 'b', 'c'] as SetId[]) await blocks.remove(name)
      await held.begun
      await blocks.putBlocks('d' as SetId, halfOf(1001, 0))
      held.release()
      await blocks.swept()
      const read = await blocks.readBlocks('d' as SetId, { start: 0, count: 64 })
      expect(isSame(read, [...halfOf(1001, 0), ...halfOf(1, 32)])).toBe(true)
    }))

  it('[ST5] tells a put whose data set is removed meanwhile, and nobody gets its bytes', () =>
    inPlace(async ({ blocks }) => {
      await blocks.create(set, shape)
      const put = blocks.putBlocks(set, [block(0)])
      const removed = blocks.remove(set)
      await expect(put).rejects.toBeInstanceOf(UnknownSet)
      await removed
      await blocks.create(set, shape)
      expect((await blocks.held(set))!.count).toBe(0)
    }))
})

describe('a folder of version 1', () => {
  const place = `sets/${hexName}`
  async function writeVersion1(folder: string): Promise<void> {
    const write = (name: string, contents: string | Uint8Array) => writeFile(join(folder, name), contents)
    await mkdir(join(folder, place), { recursive: true })
    await write('format.json', '{"version":1}')
    await write('lock', '99999999') // process ids are below 2²² on Linux
    await write(`${place}/shape.json`, JSON.stringify(v1.shape))
    const data = new Uint8Array(70 * 1024)
    for (const index of v1.held) data.set(v1Block(index), index * 1024)
    await write(`${place}/blocks`, data)
    // One mark more than there are blocks, as a crash leaves it.
    await write(`${place}/blocks.held`, Uint8Array.of(0x18, 0, 0, 0, 0, 0, 0, 0, 0x20))
    await write(`${place}/hashes`, v1Leaves)
    await write(`${place}/hashes.held`, Uint8Array.of(1))
    const item = { ...v1.item, manifest: { $bytes: 'AQID' }, secret: { $bytes: 'CQkJCQkJCQkJCQkJCQkJCQ' } }
    await write('catalog.json', JSON.stringify({ items: [item], values: [['settings', { dark: true }]] }))
  }

  async function expectVersion1({ blocks, catalog }: Pick<Place, 'blocks' | 'catalog'>): Promise<void> {
    expect([...(await blocks.held(set))!.ranges()]).toEqual([
      { start: 3, count: 2 },
      { start: 69, count: 1 }
    ])
    expect(await blocks.readBlocks(set, { start: 69, count: 1 })).toEqual([v1Block(69)])
    expect((await blocks.readHashGroup(set, groupIndex(0)))!.leaves).toEqual(v1Leaves)
    expect(await catalog.items()).toEqual([v1.item])
    expect(await catalog.get('settings')).toEqual({ dark: true })
  }

  it('[ST15] is taken over whole, and its files go', () =>
    inFolder(async ({ folder, open, reopen }) => {
      await writeVersion1(folder)
      for (const name of ['.new-61', '.old-0-62']) await mkdir(join(folder, 'sets', name))
      await expectVersion1(await open())
      expect((await readdir(folder)).filter((name) => ['sets', 'lock', 'catalog.json'].includes(name))).toEqual([])
      await expectVersion1(await reopen())
    }))

  it('[ST15] [ST16] is taken over once, however often that is cut off; what nobody here made is left alone', () =>
    inFolder(async ({ folder, open, reopen }) => {
      await writeVersion1(folder)
      await mkdir(join(folder, 'sets', 'photos'))
      await cp(folder, `${folder}-crashed`, { recursive: true })
      await open()
      // As if it had been cut off before anything was removed.
      await cp(`${folder}-crashed`, folder, { recursive: true })
      await expectVersion1(await reopen())
      expect(await readdir(join(folder, 'sets'))).toEqual(['photos'])
    }))

  it('[ST17] that a running process has is left to it', () =>
    inFolder(async ({ folder, open }) => {
      await writeVersion1(folder)
      await writeFile(join(folder, 'lock'), String(process.ppid))
      await expect(open()).rejects.toBeInstanceOf(StoreBlocked)
      expect(await readdir(join(folder, 'sets'))).toEqual([hexName])
    }))

  it('[ST13] whose catalog cannot be understood is not written over', () =>
    inFolder(async ({ folder, open }) => {
      await writeVersion1(folder)
      await writeFile(join(folder, 'catalog.json'), '{"items":')
      await expect(open()).rejects.toBeInstanceOf(StoreFailed)
      expect(await readFile(join(folder, 'catalog.json'), 'utf8')).toBe('{"items":')
    }))
})
