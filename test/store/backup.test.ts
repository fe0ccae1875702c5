import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { StoreUnavailable } from '../../src/store/errors.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { checkStore } from '../../src/store/fsck.ts'
import { seededBytes } from '../support/seeded.ts'
import { halfWrites, holdRead, inPlace, isSame, type Place, slabBytesOf } from '../support/store-folder.ts'

const shape = { blockCount: 20, blockBytes: 1024 }
describe('a backup', () => {
  const setOf = (name: string) => `set ${name}` as SetId
  const contents = (seed: number) =>
    Array.from({ length: 20 }, (_, index) => ({ index, bytes: seededBytes(seed * 20 + index + 1, 1024) }))

  async function add({ blocks, catalog }: Pick<Place, 'blocks' | 'catalog'>, seed: number): Promise<void> {
    const id = setOf(String(seed))
    await catalog.putItem({ ...freshRecord(id), origin: 'fetched', kind: 'plain' })
    await blocks.create(id, shape)
    await blocks.putBlocks(id, contents(seed))
  }

  it('[ST23] holds what was held at its beginning, and is whole, whatever went on meanwhile', () =>
    inPlace(async ({ folder, blocks, catalog, open }) => {
      for (let seed = 0; seed < 30; seed++) await add({ blocks, catalog }, seed)
      // Everything goes as soon as the first bytes are copied, and others come in its place.
      const target = `${folder}-crashed`
      const changeAll = async () => {
        for (let seed = 0; seed < 30; seed++) {
          await catalog.removeItem(setOf(String(seed)))
          await blocks.remove(setOf(String(seed)))
          await add({ blocks, catalog }, 100 + seed)
        }
      }
      const held = await holdRead(folder, 'beginning')
      const backingUp = blocks.backUp(target, {
        onProgress: (copied, total) => expect(copied).toBeLessThanOrEqual(total)
      })
      await held.begun
      await changeAll()
      held.release()
      await backingUp
      const copy = await open(target)
      const report = await checkStore(copy)
      expect(report.problems).toEqual([])
      for (let seed = 0; seed < 30; seed++) {
        const read = await copy.blocks.readBlocks(setOf(String(seed)), { start: 0, count: 20 })
        expect(isSame(read, contents(seed))).toBe(true)
        expect(await copy.catalog.item(setOf(String(seed)))).toBeDefined()
      }
      await blocks.swept()
      expect(await slabBytesOf(folder)).toBeLessThanOrEqual(60 * 20 * 1024)
      expect((await checkStore({ blocks, catalog })).problems.map(({ kind }) => kind)).not.toContain('orphan-bytes')
    }))

  it('[ST23] that is called off leaves nothing, and none is written over', () =>
    inPlace(async ({ folder, blocks, catalog }) => {
      await add({ blocks, catalog }, 1)
      const target = join(folder, 'copy')
      await expect(blocks.backUp(target, { signal: AbortSignal.abort() })).rejects.toThrow('abort')
      expect(await readdir(folder)).not.toContain('copy.unfinished')
      await blocks.backUp(target)
      await expect(blocks.backUp(target)).rejects.toBeInstanceOf(StoreUnavailable)
      expect(await readdir(folder)).toContain('copy')
    }))

  it('[ST23] is whole where the disk takes a part of each write alone', () =>
    inPlace(async ({ folder, blocks, catalog, open }) => {
      for (let seed = 0; seed < 3; seed++) await add({ blocks, catalog }, seed)
      const target = `${folder}-crashed`
      {
        using _half = await halfWrites(folder)
        await blocks.backUp(target)
      }
      const copy = await open(target)
      for (let seed = 0; seed < 3; seed++) {
        const read = await copy.blocks.readBlocks(setOf(String(seed)), { start: 0, count: 20 })
        expect(isSame(read, contents(seed))).toBe(true)
      }
    }))

  it('[ST26] is its owner’s alone, as a store that is made is', () =>
    inPlace(async ({ folder, blocks }) => {
      const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
      await blocks.backUp(`${folder}-crashed`)
      expect(await modeOf(`${folder}-crashed`)).toBe('700')
      const [fresh, there] = [join(folder, 'fresh'), join(folder, 'there')]
      await mkdir(there, { mode: 0o750 })
      for (const place of [fresh, there]) await (await openFileSystem(place)).blocks.close()
      expect(await Promise.all([fresh, there].map(modeOf))).toEqual(['700', '750'])
    }))
})
