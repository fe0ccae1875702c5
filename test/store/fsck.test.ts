import { mkdtemp, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { manifestCidOf, treeCidOf } from '../../src/core/block/cid.ts'
import { groupIndex, type SetId } from '../../src/core/ids.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { treeOf } from '../../src/core/merkle/tree.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { checkFolder, checkStore } from '../../src/store/fsck.ts'
import type { BlockStore, Catalog } from '../../src/store/types.ts'
import { seededBytes } from '../support/seeded.ts'
import { sha256 } from '../support/sha256.ts'

const blockBytes = 1024
const slab = 'slabs/000001.slab'
const names = ['first', 'second'] as SetId[]
/** Two hash groups, the second of them short. */
const blockCount = 530
const groupBytes = [512 * 32 + 32, 18 * 32 + 32]
const block = (seed: number, index: number) => ({ index, bytes: seededBytes(seed * 1000 + index + 1, blockBytes) })

interface Opened {
  readonly blocks: BlockStore
  readonly catalog: Catalog
}

async function fill({ blocks, catalog }: Opened): Promise<void> {
  for (const [seed, id] of names.entries()) {
    const all = Array.from({ length: blockCount }, (_, index) => block(seed, index))
    await blocks.create(id, { blockCount, blockBytes })
    await blocks.putBlocks(id, all)
    const leaves = new Uint8Array(blockCount * 32)
    for (const { index, bytes } of all) leaves.set(sha256(bytes), index * 32)
    const tree = treeOf(leaves)
    await blocks.putHashGroups(
      id,
      [0, 1].map(groupIndex).map((group) => ({ group, hashes: tree.group(group) }))
    )
    const datasetBytes = blockCount * blockBytes
    const manifest = encodeManifest({ treeCid: treeCidOf(tree.root), blockBytes, datasetBytes }, '0.4')
    const manifestCid = manifestCidOf(sha256(manifest))
    await catalog.putItem({
      ...freshRecord(id),
      origin: 'fetched',
      kind: 'plain',
      manifest,
      manifestCid,
      complete: true
    })
  }
}

async function using(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-fsck-'))
  try {
    await inside(folder, fill)
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function inside<T>(folder: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await openFileSystem(folder)
  try {
    return await work(opened)
  } finally {
    await opened.blocks.close()
    await opened.catalog.close()
  }
}

/** Turns over one bit, as an old disk does. */
async function flipBit(folder: string, atByte: number): Promise<void> {
  const file = await open(join(folder, slab), 'r+')
  const byte = new Uint8Array(1)
  await file.read(byte, 0, 1, atByte)
  byte[0]! ^= 4
  await file.write(byte, 0, 1, atByte)
  await file.close()
}

function inDatabase(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, 'store.db'))
  database.exec(sql)
  database.close()
}

const kindsOf = async (folder: string, repair = false) =>
  (await checkFolder(folder, { repair })).problems.map(({ kind }) => kind)

/** Found, repaired, and gone. */
async function expectRepaired(folder: string, ...kinds: string[]): Promise<void> {
  expect(await kindsOf(folder)).toEqual(kinds)
  expect(await kindsOf(folder, true)).toEqual(kinds)
  expect(await kindsOf(folder)).toEqual([])
}

describe('a check of a folder', () => {
  it('[ST21] finds everything in order, and says how far it is', () =>
    using(async (folder) => {
      const told: number[] = []
      const onProgress = (done: number, total: number) => void told.push(done / total)
      const report = await checkFolder(folder, { onProgress })
      const verifiedBlocks = 2 * blockCount
      expect(report).toEqual({
        setCount: 2,
        verifiedBlocks,
        verifiedBytes: verifiedBlocks * blockBytes,
        problemCount: 0,
        problems: []
      })
      expect(told.at(-1)).toBe(1)
      expect(told).toEqual(told.toSorted((a, b) => a - b))
    }))

  it('[ST21] [ST22] finds a block in which one bit turned; repaired, that block alone is missing', () =>
    using(async (folder) => {
      await flipBit(folder, 7 * blockBytes + 99)
      const report = await checkFolder(folder)
      expect(report.verifiedBlocks).toBe(2 * blockCount - 1)
      expect(report.problems).toEqual([
        { kind: 'block-wrong', set: names[0], sizeBytes: blockBytes, detail: '1 from block 7', isRepaired: false }
      ])
      // Found without being repaired, nothing changes.
      expect(await inside(folder, async ({ blocks }) => (await blocks.held(names[0]!))!.count)).toBe(blockCount)
      expect(await kindsOf(folder, true)).toEqual(['block-wrong', 'item-incomplete'])
      await inside(folder, async ({ blocks, catalog }) => {
        expect([...(await blocks.held(names[0]!))!.ranges()]).toEqual([
          { start: 0, count: 7 },
          { start: 8, count: blockCount - 8 }
        ])
        expect((await catalog.item(names[0]!))!.complete).toBe(false)
        expect((await catalog.item(names[1]!))!.complete).toBe(true)
        await blocks.putBlocks(names[0]!, [block(0, 7)])
        expect(await blocks.readBlocks(names[0]!, { start: 7, count: 1 })).toEqual([block(0, 7).bytes])
      })
      expect(await kindsOf(folder)).toEqual([])
    }))

  it('[ST21] [ST22] finds blocks that the end of a file cut off', () =>
    using(async (folder) => {
      const { size } = await stat(join(folder, slab))
      await truncate(join(folder, slab), size - 2 * blockBytes - 1)
      await expectRepairedBlocks(folder, 'block-unreadable', 3)
    }))

  async function expectRepairedBlocks(folder: string, kind: string, count: number): Promise<void> {
    const problems = Array.from({ length: count }, () => kind)
    expect(await kindsOf(folder)).toEqual(problems)
    expect(await kindsOf(folder, true)).toEqual([...problems, 'item-incomplete'])
    expect(await kindsOf(folder)).toEqual([])
  }

  it('[ST21] [ST22] finds hashes that do not lead to the root, and those that are missing', () =>
    using(async (folder) => {
      inDatabase(folder, `UPDATE hash_groups SET leaves = zeroblob(18 * 32) WHERE serial = 1 AND hash_group = 1`)
      await expectRepairedBlocks(folder, 'hashes-wrong', 1)
      expect(await inside(folder, ({ blocks }) => blocks.readHashGroup(names[0]!, groupIndex(1)))).toBeUndefined()
      inDatabase(
        folder,
        `DELETE FROM hash_groups WHERE serial = 2 AND hash_group = 0;
        UPDATE sets SET hash_bytes = ${groupBytes[1]} WHERE serial = 2`
      )
      await expectRepairedBlocks(folder, 'hashes-missing', 1)
      const held = await inside(folder, ({ blocks }) => blocks.held(names[1]!))
      expect([...held!.ranges()]).toEqual([{ start: 512, count: 18 }])
    }))

  it('[ST21] [ST22] finds a manifest that is not what its address says', () =>
    using(async (folder) => {
      await inside(folder, async ({ catalog }) => {
        const [first, second] = await catalog.items()
        await catalog.putItem({ ...first!, manifest: second!.manifest })
      })
      await expectRepaired(folder, 'manifest-wrong')
      const item = await inside(folder, ({ catalog }) => catalog.item(names[0]!))
      expect(item!.complete).toBe(false)
      expect(item!.manifest).toBeUndefined()
    }))

  it('[ST21] [ST22] finds data sets without an item, and items without their data set', () =>
    using(async (folder) => {
      await inside(folder, async ({ blocks, catalog }) => {
        await catalog.removeItem(names[0]!)
        await catalog.left(names[0]!)
        await blocks.remove(names[1]!)
      })
      await expectRepaired(folder, 'set-without-item', 'item-incomplete')
      await inside(folder, async ({ blocks }) => expect(await blocks.sets()).toEqual([]))
    }))

  it('[ST21] [ST27] finds nothing wrong with what is noted to be removed', () =>
    using(async (folder) => {
      await inside(folder, ({ catalog }) => catalog.removeItem(names[0]!))
      expect(await kindsOf(folder)).toEqual([])
    }))

  it('[ST21] [ST22] finds bytes that two claim, and bytes that belong to nobody', () =>
    using(async (folder) => {
      // The second segment moves onto the first.
      inDatabase(folder, 'UPDATE segments SET start = 4096 WHERE serial = 1 AND segment = 1')
      const found = await kindsOf(folder)
      expect(new Set(found)).toEqual(new Set(['place-shared', 'orphan-bytes', 'block-wrong']))
      await checkFolder(folder, { repair: true })
      expect(await kindsOf(folder)).toEqual([])
      const held = await inside(folder, ({ blocks }) => blocks.held(names[0]!))
      expect([...held!.ranges()]).toEqual([
        { start: 0, count: 64 },
        { start: 128, count: blockCount - 128 }
      ])
    }))

  it('[ST21] [ST22] finds files and rows of nobody, and counts that are off; strange files are left alone', () =>
    using(async (folder) => {
      await writeFile(join(folder, 'slabs', '000009.slab'), 'x')
      await truncate(join(folder, slab), 4 * 1024 * 1024)
      inDatabase(
        folder,
        `UPDATE sets SET held_count = held_count - 3 WHERE serial = 1; UPDATE totals SET used_bytes = 5;
        INSERT INTO segments (serial, segment, slab, start, size, held)
          SELECT 77, 0, slab, used_end, 4096, x'00' FROM slabs; UPDATE slabs SET used_end = used_end + 4096`
      )
      await expectRepaired(folder, 'orphan-bytes', 'count-wrong', 'count-wrong', 'orphan-bytes', 'orphan-bytes')
      expect(await readdir(join(folder, 'slabs'))).toEqual(['000001.slab'])
      await writeFile(join(folder, 'slabs', 'notes.txt'), 'x')
      expect(await kindsOf(folder, true)).toEqual(['file-unknown'])
      expect(await readdir(join(folder, 'slabs'))).toContain('notes.txt')
    }))

  it('[ST21] tells of a damaged database, and repairs nothing by what it says', () =>
    using(async (folder) => {
      const file = await open(join(folder, 'store.db'), 'r+')
      const { size } = await file.stat()
      const pageBytes = 4096
      // Behind the schema, every other page.
      for (let at = 24 * pageBytes; at < size; at += 2 * pageBytes)
        await file.write(new Uint8Array(64).fill(0xa5), 0, 64, at)
      await file.close()
      const outcome = await kindsOf(folder, true).catch((thrown: { code: string }) => [thrown.code])
      expect(['database-damaged', 'store-failed']).toContain(outcome[0])
    }))

  it('[ST21] goes on beside whoever reads and writes, and can be called off', () =>
    using((folder) =>
      inside(folder, async (opened) => {
        const checking = checkStore(opened as Parameters<typeof checkStore>[0])
        const third = 'third' as SetId
        await opened.blocks.create(third, { blockCount: 100, blockBytes })
        await opened.catalog.putItem({ ...freshRecord(third), origin: 'added', kind: 'plain' })
        await opened.blocks.putBlocks(
          third,
          Array.from({ length: 100 }, (_, index) => block(3, index))
        )
        await opened.catalog.removeItem(names[1]!)
        await opened.blocks.remove(names[1]!)
        const { problems } = await checking
        expect(problems.filter(({ kind }) => kind !== 'set-without-item')).toEqual([])
        const signal = AbortSignal.abort()
        await expect(checkStore(opened as Parameters<typeof checkStore>[0], { signal })).rejects.toThrow('abort')
      })
    ))
})
