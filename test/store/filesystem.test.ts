import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { groupIndex, type SetId } from '../../src/core/ids.ts'
import { BlockNotHeld, StoreBlocked, StoreFailed, StoreNewer, StoreUnavailable } from '../../src/store/errors.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { catalogSuite } from '../suites/catalog.ts'
import { seededBytes } from '../support/seeded.ts'
import { v1, v1Block, v1Leaves } from '../support/store-v1.ts'

/** Until the function it returns is called, files take nothing more. */
async function fillDisk(folder: string): Promise<() => void> {
  const probe = await open(join(folder, 'probe'), 'w')
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  const spy = vi.spyOn(Object.getPrototypeOf(probe) as typeof probe, 'write').mockRejectedValue(full)
  await probe.close()
  return () => spy.mockRestore()
}

async function openPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  const { blocks: store } = await openFileSystem(folder)
  return {
    store,
    reopen: async () => {
      await store.close()
      return (await openFileSystem(folder)).blocks
    },
    // What is on the disk at this moment, while the first still writes.
    crash: async () => {
      await cp(folder, `${folder}-crashed`, { recursive: true })
      return (await openFileSystem(`${folder}-crashed`)).blocks
    },
    fillDisk: () => fillDisk(folder),
    dispose: async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
      await rm(`${folder}-crashed`, { recursive: true, force: true })
    }
  }
}

blockStoreSuite('file system', openPlace, ['crash', 'fillDisk'])

catalogSuite('file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  const { catalog } = await openFileSystem(folder)
  return {
    catalog,
    reopen: async () => {
      await catalog.close()
      return (await openFileSystem(folder)).catalog
    },
    dispose: () => rm(folder, { recursive: true, force: true })
  }
})

const set = 'a-set' as SetId
const hexName = Buffer.from(set).toString('hex')
const shape = { blockCount: 20, blockBytes: 1024 }
const block = (index: number) => ({ index, bytes: seededBytes(index + 1, 1024) })

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const write = async (folder: string, name: string, contents: string | Uint8Array) =>
  writeFile(join(folder, name), contents)

describe('a folder', () => {
  it('[ST16] does not believe marks beyond the end of the data, torn off by a crash', () =>
    inFolder(async (folder) => {
      const { blocks } = await openFileSystem(folder)
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(1), block(2), block(3)])
      await blocks.close()
      await truncate(join(folder, 'sets', hexName, 'blocks'), 3 * 1024 + 5)
      const again = (await openFileSystem(folder)).blocks
      expect([...(await again.held(set))!.ranges()]).toEqual([{ start: 1, count: 2 }])
      expect(await again.usedBytes()).toBe(2048)
      await expect(again.readBlocks(set, { start: 1, count: 3 })).rejects.toBeInstanceOf(BlockNotHeld)
      await again.putBlocks(set, [block(3)])
      expect(await again.readBlocks(set, { start: 3, count: 1 })).toEqual([block(3).bytes])
      await again.close()
    }))

  it('[ST16] is cleaned of makings and removals that did not end; what is not ours is left alone', () =>
    inFolder(async (folder) => {
      await (await openFileSystem(folder)).blocks.close()
      for (const name of ['.new-61', '.old-0-62', 'photos']) await mkdir(join(folder, 'sets', name))
      await write(folder, 'sets/.old-0-62/blocks', 'x')
      const { blocks } = await openFileSystem(folder)
      expect(await readdir(join(folder, 'sets'))).toEqual(['photos'])
      expect(await blocks.sets()).toEqual([])
      await blocks.close()
    }))

  it('[ST16] leaves nothing of a data set that is removed, while it is read', () =>
    inFolder(async (folder) => {
      const { blocks } = await openFileSystem(folder)
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(0)])
      const reading = blocks.readBlocks(set, { start: 0, count: 1 })
      await Promise.all([reading, blocks.remove(set)])
      expect(await readdir(join(folder, 'sets'))).toEqual([])
      await blocks.close()
    }))

  it('[ST17] that a running process has is refused, and one whose process has ended is taken', () =>
    inFolder(async (folder) => {
      await write(folder, 'lock', String(process.ppid))
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreBlocked)
      // Process ids are below 2²² on Linux.
      await write(folder, 'lock', '99999999')
      const { blocks } = await openFileSystem(folder)
      expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(String(process.pid))
      await blocks.close()
      expect(await readdir(folder)).not.toContain('lock')
    }))

  it('[ST17] of a newer version, or one that cannot be a folder, says so', () =>
    inFolder(async (folder) => {
      await write(folder, 'format.json', '{"version":99}')
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreNewer)
      expect(await readdir(folder)).not.toContain('lock')
      await write(folder, 'format.json', 'no JSON')
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(openFileSystem(join(folder, 'format.json'))).rejects.toBeInstanceOf(StoreUnavailable)
    }))

  it('[ST13] whose catalog cannot be understood is not written over', () =>
    inFolder(async (folder) => {
      await write(folder, 'catalog.json', '{"items":')
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreFailed)
      expect(await readFile(join(folder, 'catalog.json'), 'utf8')).toBe('{"items":')
    }))

  it('[ST15] written by version 1 is read whole', () =>
    inFolder(async (folder) => {
      const place = `sets/${hexName}`
      await mkdir(join(folder, place), { recursive: true })
      await write(folder, 'format.json', '{"version":1}')
      await write(folder, `${place}/shape.json`, JSON.stringify(v1.shape))
      const data = new Uint8Array(70 * 1024)
      for (const index of v1.held) data.set(v1Block(index), index * 1024)
      await write(folder, `${place}/blocks`, data)
      await write(folder, `${place}/blocks.held`, Uint8Array.of(0x18, 0, 0, 0, 0, 0, 0, 0, 0x20))
      await write(folder, `${place}/hashes`, v1Leaves)
      await write(folder, `${place}/hashes.held`, Uint8Array.of(1))
      const item = { ...v1.item, manifest: { $bytes: 'AQID' }, secret: { $bytes: 'CQkJCQkJCQkJCQkJCQkJCQ' } }
      await write(folder, 'catalog.json', JSON.stringify({ items: [item], values: [['settings', { dark: true }]] }))
      const { blocks, catalog } = await openFileSystem(folder)
      expect([...(await blocks.held(set))!.ranges()]).toEqual([
        { start: 3, count: 2 },
        { start: 69, count: 1 }
      ])
      expect(await blocks.readBlocks(set, { start: 69, count: 1 })).toEqual([v1Block(69)])
      expect((await blocks.readHashGroup(set, groupIndex(0)))!.leaves).toEqual(v1Leaves)
      expect(await catalog.items()).toEqual([v1.item])
      expect(await catalog.get('settings')).toEqual({ dark: true })
      await blocks.close()
    }))
})
