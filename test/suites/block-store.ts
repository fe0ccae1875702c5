// Long: one suite, so that a new store shows at one place what it must do.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { blockIndex, groupIndex, type SetId } from '../../src/core/ids.ts'
import { blockBytesMax, segmentBlocks } from '../../src/core/limits.ts'
import type { HashGroup } from '../../src/core/merkle/group.ts'
import { BadStoreCall, BlockNotHeld, StoreClosed, StoreFull, UnknownSet } from '../../src/store/errors.ts'
import type { BlockStore, PlacedBlock } from '../../src/store/types.ts'
import { seededBytes } from '../support/seeded.ts'

/** A store, and what can be done to it from outside. */
export interface OpenStore {
  readonly store: BlockStore
  /** A second store over the same place while the first is open, as another tab has it. */
  second?(): Promise<BlockStore>
  /** Closes it and opens the same place again. */
  reopen(): Promise<BlockStore>
  /** Opens the same place again without closing first, as after the end of a process. */
  crash?(): Promise<BlockStore>
  /** From now on nothing more fits; returns how to make room again. */
  fillDisk?(): Promise<() => Promise<void> | void>
  dispose(): Promise<void>
}

const set = 'a-set' as SetId
const other = 'Ein anderer/..\\Name:*' as SetId
const blockBytes = 1024
const shape = { blockCount: 3 * segmentBlocks + 5, blockBytes }

const blockAt = (index: number, seed = 1): PlacedBlock => ({
  index: blockIndex(index),
  bytes: seededBytes(seed * 1_000_003 + index, blockBytes)
})
const blocksAt = (start: number, count: number): PlacedBlock[] =>
  Array.from({ length: count }, (_, i) => blockAt(start + i))

/** What a place can suffer beyond what every store can: its tests run where it is named. */
export type Ordeal = 'second' | 'crash' | 'fillDisk'

/** What every BlockStore does. `open` gives a new, empty place each time. */
export function blockStoreSuite(name: string, open: () => Promise<OpenStore>, ordeals: readonly Ordeal[] = []): void {
  describe(`${name}: as every block store`, () => {
    let place: OpenStore
    let store: BlockStore
    beforeEach(async () => {
      place = await open()
      store = place.store
      await store.create(set, shape)
    })
    afterEach(() => place.dispose())

    shapesAndCalls(() => store)
    blocksAndBitmap(() => store)
    hashes(() => store)
    visits(() => place)
    if (ordeals.includes('crash')) crashes(() => place)
    if (ordeals.includes('second')) twins(() => place)
    if (ordeals.includes('fillDisk')) fullDisks(() => place)
  })
}

function shapesAndCalls(store: () => BlockStore): void {
  it('[ST2] creates a data set once: the same shape again changes nothing, another is refused', async () => {
    await store().putBlocks(set, [blockAt(0)])
    await store().create(set, { ...shape })
    expect((await store().held(set))!.count).toBe(1)
    await expect(store().create(set, { ...shape, blockCount: 1 })).rejects.toBeInstanceOf(BadStoreCall)
    expect(await store().shape(set)).toEqual(shape)
    expect(await store().shape(other)).toBeUndefined()
  })

  it('[ST3] refuses shapes and ids outside the limits', async () => {
    for (const bad of [
      { blockCount: -1 },
      { blockCount: 1.5 },
      { blockCount: 2 ** 40 },
      { blockBytes: 0 },
      { blockBytes: 2 ** 30 }
    ]) {
      await expect(store().create(other, { ...shape, ...bad })).rejects.toBeInstanceOf(BadStoreCall)
    }
    await expect(store().create('' as SetId, shape)).rejects.toBeInstanceOf(BadStoreCall)
    await expect(store().create('x'.repeat(101) as SetId, shape)).rejects.toBeInstanceOf(BadStoreCall)
    expect(await store().sets()).toEqual([set])
  })

  it('[ST3] refuses blocks beyond the end or of a wrong length, and stores nothing of that call', async () => {
    const wrong: PlacedBlock[] = [
      blockAt(shape.blockCount),
      { index: -1, bytes: new Uint8Array(blockBytes) },
      { index: 0.5, bytes: new Uint8Array(blockBytes) },
      { index: 1, bytes: new Uint8Array(blockBytes - 1) }
    ]
    for (const bad of wrong) {
      await expect(store().putBlocks(set, [blockAt(7), bad])).rejects.toBeInstanceOf(BadStoreCall)
    }
    expect((await store().held(set))!.count).toBe(0)
    await expect(store().readBlocks(set, { start: shape.blockCount, count: 1 })).rejects.toBeInstanceOf(BadStoreCall)
    await expect(store().readBlocks(set, { start: -1, count: 2 })).rejects.toBeInstanceOf(BadStoreCall)
  })

  it('[ST4] knows nothing of a data set that nobody created', async () => {
    expect(await store().held(other)).toBeUndefined()
    await expect(store().putBlocks(other, [blockAt(0)])).rejects.toBeInstanceOf(UnknownSet)
    await expect(store().readBlocks(other, { start: 0, count: 1 })).rejects.toBeInstanceOf(UnknownSet)
    await expect(store().readHashGroup(other, groupIndex(0))).rejects.toBeInstanceOf(UnknownSet)
    await store().remove(other)
  })

  it('[ST5] removes a data set whole, and one made anew under its name is empty', async () => {
    await store().create(other, shape)
    await store().putBlocks(other, [blockAt(3)])
    await store().putBlocks(set, blocksAt(0, 70))
    await store().putHashGroups(set, [{ group: groupIndex(0), hashes: groupOf(1) }])
    await store().remove(set)
    expect(await store().sets()).toEqual([other])
    expect(await store().usedBytes()).toBe(blockBytes)
    await expect(store().readBlocks(set, { start: 0, count: 1 })).rejects.toBeInstanceOf(UnknownSet)
    await store().create(set, { ...shape, blockCount: 9 })
    expect((await store().held(set))!.count).toBe(0)
    await expect(store().readBlocks(set, { start: 0, count: 1 })).rejects.toBeInstanceOf(BlockNotHeld)
    expect(await store().readHashGroup(set, groupIndex(0))).toBeUndefined()
    await expectBlocks(store(), [blockAt(3)], other)
  })

  it('[ST9] says StoreClosed after it was closed', async () => {
    await store().close()
    await expect(store().held(set)).rejects.toBeInstanceOf(StoreClosed)
    await expect(store().putBlocks(set, [blockAt(0)])).rejects.toBeInstanceOf(StoreClosed)
    await store().close()
  })
}

function blocksAndBitmap(store: () => BlockStore): void {
  it('[ST1] holds exactly what was put, over the bounds of segments', async () => {
    const put = [...blocksAt(2, 3), ...blocksAt(segmentBlocks - 1, segmentBlocks + 3), blockAt(shape.blockCount - 1)]
    await store().putBlocks(set, put)
    const held = (await store().held(set))!
    expect([...held.ranges()]).toEqual([
      { start: 2, count: 3 },
      { start: segmentBlocks - 1, count: segmentBlocks + 3 },
      { start: shape.blockCount - 1, count: 1 }
    ])
    await expectBlocks(store(), put)
    const run = await store().readBlocks(set, { start: segmentBlocks - 1, count: segmentBlocks + 3 })
    expect(run).toEqual(blocksAt(segmentBlocks - 1, segmentBlocks + 3).map(({ bytes }) => bytes))
    expect(await store().readBlocks(set, { start: 0, count: 0 })).toEqual([])
  })

  it('[ST4] rejects a run with a block missing at its start, middle or end', async () => {
    await store().putBlocks(set, [blockAt(1), blockAt(3)])
    for (const start of [0, 1]) {
      await expect(store().readBlocks(set, { start, count: 3 })).rejects.toBeInstanceOf(BlockNotHeld)
    }
    await expect(store().readBlocks(set, { start: 3, count: 2 })).rejects.toMatchObject({ params: { index: 4 } })
  })

  it('[ST7] takes a block twice and counts it once, within one call too', async () => {
    await store().putBlocks(set, [blockAt(1), blockAt(2), blockAt(1)])
    await store().putBlocks(set, blocksAt(0, 5))
    expect(await store().usedBytes()).toBe(5 * blockBytes)
    expect((await store().held(set))!.count).toBe(5)
    await expectBlocks(store(), blocksAt(0, 5))
  })

  it('[ST7] takes puts side by side, in any order, and loses none', async () => {
    const all = blocksAt(0, shape.blockCount)
    // A stride without common factor visits every block once, far apart.
    const shuffled = all.map((_, i) => all[(i * 71) % all.length]!)
    const calls: Promise<void>[] = []
    for (let i = 0; i < shuffled.length; i += 13) {
      calls.push(store().putBlocks(set, shuffled.slice(i, i + 13 + 4)))
    }
    await Promise.all(calls)
    expect((await store().held(set))!.isFull).toBe(true)
    await expectBlocks(store(), all)
    expect(await store().usedBytes()).toBe(shape.blockCount * blockBytes)
  })

  it('[ST8] keeps its own copy: bytes put or read can be overwritten or handed on afterwards', async () => {
    const buffer = seededBytes(5, 4 * blockBytes)
    const views = [0, 1, 2, 3].map((i) => ({ index: i, bytes: buffer.subarray(i * blockBytes, (i + 1) * blockBytes) }))
    const expected = buffer.slice()
    await store().putBlocks(set, views.slice(1))
    buffer.fill(0)
    const read = await store().readBlocks(set, { start: 1, count: 3 })
    expect(read[2]).toEqual(expected.subarray(3 * blockBytes))
    structuredClone(read[0], { transfer: [read[0]!.buffer] })
    const again = await store().readBlocks(set, { start: 1, count: 2 })
    expect(again[0]).toEqual(expected.subarray(blockBytes, 2 * blockBytes))
  })

  it('[ST8] gives the blocks of one read side by side in one buffer of their own', async () => {
    await store().putBlocks(set, blocksAt(segmentBlocks - 2, 4))
    const read = await store().readBlocks(set, { start: segmentBlocks - 1, count: 3 })
    expect(read.map((bytes) => bytes.byteOffset)).toEqual([0, blockBytes, 2 * blockBytes])
    expect(new Set(read.map((bytes) => bytes.buffer)).size).toBe(1)
    expect(read[0]!.buffer.byteLength).toBe(3 * blockBytes)
  })

  it('[ST1] gives the bitmap as a copy', async () => {
    ;(await store().held(set))!.set(4)
    expect((await store().held(set))!.count).toBe(0)
  })
}

const groupOf = (seed: number, leafCount = shape.blockCount): HashGroup => ({
  leaves: seededBytes(seed, leafCount * 32),
  path: new Uint8Array()
})

function hashes(store: () => BlockStore): void {
  it('[ST10] keeps hash groups, the last with fewer leaves and all with their paths', async () => {
    await store().create(other, { blockCount: 1100, blockBytes })
    const whole = { leaves: seededBytes(2, 512 * 32), path: seededBytes(3, 64) }
    const last = { leaves: seededBytes(4, 76 * 32), path: seededBytes(5, 64) }
    await store().putHashGroups(other, [
      { group: groupIndex(2), hashes: last },
      { group: groupIndex(0), hashes: whole }
    ])
    await store().putHashGroups(other, [{ group: groupIndex(0), hashes: whole }])
    expect(await store().readHashGroup(other, groupIndex(0))).toEqual(whole)
    expect(await store().readHashGroup(other, groupIndex(1))).toBeUndefined()
    expect(await store().readHashGroup(other, groupIndex(2))).toEqual(last)
    expect(await store().usedBytes()).toBe(588 * 32 + 128)
  })

  it('[ST3] refuses hashes of a wrong length or of a group that does not exist', async () => {
    const { leaves, path } = groupOf(1)
    const bad = [
      { group: groupIndex(0), hashes: { leaves: leaves.subarray(32), path } },
      { group: groupIndex(0), hashes: { leaves, path: new Uint8Array(32) } },
      { group: groupIndex(1), hashes: { leaves, path } }
    ]
    for (const one of bad) await expect(store().putHashGroups(set, [one])).rejects.toBeInstanceOf(BadStoreCall)
    await expect(store().readHashGroup(set, groupIndex(-1))).rejects.toBeInstanceOf(BadStoreCall)
    expect(await store().readHashGroup(set, groupIndex(0))).toBeUndefined()
  })
}

async function fill(store: BlockStore): Promise<void> {
  await store.create(other, { blockCount: 2, blockBytes })
  await store.putBlocks(set, blocksAt(10, segmentBlocks))
  await store.putHashGroups(set, [{ group: groupIndex(0), hashes: groupOf(6) }])
}

function visits(place: () => OpenStore): void {
  it('[ST1] finds everything again after it was closed, and goes on from there', async () => {
    await fill(place().store)
    const again = await place().reopen()
    expect((await again.sets()).sort()).toEqual([set, other].sort())
    expect(await again.shape(set)).toEqual(shape)
    expect([...(await again.held(set))!.ranges()]).toEqual([{ start: 10, count: segmentBlocks }])
    await expectBlocks(again, blocksAt(10, segmentBlocks))
    expect(await again.readHashGroup(set, groupIndex(0))).toEqual(groupOf(6))
    expect(await again.usedBytes()).toBe(segmentBlocks * blockBytes + shape.blockCount * 32)
    await again.putBlocks(set, blocksAt(5, 10))
    await expectBlocks(again, blocksAt(5, 10))
    await again.close()
  })
}

function crashes(place: () => OpenStore): void {
  it('[ST1] finds everything that was promised after a crash, and claims nothing else', async () => {
    const { store, crash } = place()
    await fill(store)
    void store.putBlocks(set, blocksAt(100, 50)).catch(() => {})
    const again = await crash!()
    const held = (await again.held(set))!
    expect(held.hasRange({ start: 10, count: segmentBlocks })).toBe(true)
    expect(await again.readHashGroup(set, groupIndex(0))).toEqual(groupOf(6))
    for (const { start, count } of held.ranges()) await expectBlocks(again, blocksAt(start, count))
    await again.close()
  })
}

function twins(place: () => OpenStore): void {
  it('[ST7] lets two tabs write one data set, and neither loses what the other wrote', async () => {
    const { store, second } = place()
    const twin = await second!()
    const calls = Array.from({ length: 20 }, (_, i) => (i % 2 ? store : twin).putBlocks(set, blocksAt(i * 7, 9)))
    await Promise.all(calls)
    for (const one of [store, twin]) {
      expect([...(await one.held(set))!.ranges()]).toEqual([{ start: 0, count: 142 }])
      await expectBlocks(one, blocksAt(0, 142))
    }
    await twin.close()
  })

  it('[ST5] sees that another tab removed a data set and made one anew', async () => {
    const { store, second } = place()
    const twin = await second!()
    await Promise.all([store.putBlocks(set, blocksAt(0, 9)), twin.putBlocks(set, blocksAt(9, 9))])
    await expectBlocks(store, blocksAt(0, 3))
    await twin.remove(set)
    expect(await store.held(set)).toBeUndefined()
    await expect(store.putBlocks(set, [blockAt(70)])).rejects.toBeInstanceOf(UnknownSet)
    await store.create(set, shape)
    await store.putBlocks(set, [blockAt(1, 2)])
    await expect(twin.readBlocks(set, { start: 2, count: 1 })).rejects.toBeInstanceOf(BlockNotHeld)
    expect(await twin.readBlocks(set, { start: 1, count: 1 })).toEqual([blockAt(1, 2).bytes])
    await twin.close()
  })
}

function fullDisks(place: () => OpenStore): void {
  it('[ST11] says StoreFull on a full disk, claims nothing of it, and goes on when there is room', async () => {
    const { store, fillDisk } = place()
    await store.putBlocks(set, blocksAt(0, 3))
    // Browsers hand out room by the megabyte: less than this may still find a place.
    const large = { blockCount: 48, blockBytes: blockBytesMax }
    await store.create(other, large)
    const much = Array.from({ length: large.blockCount }, (_, index) => ({
      index,
      bytes: seededBytes(index + 1, blockBytesMax)
    }))
    const makeRoom = await fillDisk!()
    try {
      await expect(store.putBlocks(other, much)).rejects.toBeInstanceOf(StoreFull)
    } finally {
      await makeRoom()
    }
    expect((await store.held(other))!.count).toBe(0)
    await expectBlocks(store, blocksAt(0, 3))
    await store.putBlocks(other, much)
    await expectBlocks(store, much.slice(-2), other)
  })
}

/** Compares block by block, which tells which one is wrong. */
async function expectBlocks(store: BlockStore, blocks: readonly PlacedBlock[], of: SetId = set): Promise<void> {
  for (const { index, bytes } of blocks) {
    const [read] = await store.readBlocks(of, { start: index, count: 1 })
    expect(read, `block ${index}`).toEqual(bytes)
  }
}
