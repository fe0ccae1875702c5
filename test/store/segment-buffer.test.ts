import { beforeEach, describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { blockBytesMax, gatheredBytesMax, gatherMs, segmentBlocks } from '../../src/core/limits.ts'
import { BadStoreCall, StoreClosed, StoreFull, UnknownSet } from '../../src/store/errors.ts'
import { MemoryBlockStore } from '../../src/store/memory.ts'
import { buffered, type BufferedBlockStore } from '../../src/store/segment-buffer.ts'
import type { PlacedBlock } from '../../src/store/types.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { seededBytes } from '../support/seeded.ts'

blockStoreSuite('gathered in segments, over memory', async () => {
  const inner = new MemoryBlockStore()
  const atOnce = (store: MemoryBlockStore) =>
    buffered(store, { after: (_delayMs, run) => (queueMicrotask(run), () => {}) })
  const store = atOnce(inner)
  return { store, reopen: async () => atOnce(inner.reopened()), dispose: () => store.close() }
})

/** Rings when the test says so. */
class HandTimer {
  #run: (() => void) | undefined
  delayMs = 0
  readonly after = (delayMs: number, run: () => void) => {
    this.delayMs = delayMs
    this.#run = run
    return () => (this.#run = undefined)
  }
  get isSet(): boolean {
    return this.#run !== undefined
  }
  ring(): void {
    const run = this.#run
    this.#run = undefined
    run!()
  }
}

/** Notes what is written at once, and fails or waits when told to. */
class WatchedStore extends MemoryBlockStore {
  readonly writes: number[] = []
  fails: Error | undefined
  gate: Promise<void> | undefined
  override async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    this.writes.push(blocks.length)
    await this.gate
    if (this.fails) throw this.fails
    await super.putBlocks(set, blocks)
  }
}

const set = 's' as SetId
const block = (index: number): PlacedBlock => ({ index, bytes: seededBytes(index + 1, 1024) })

describe('the segment buffer', () => {
  let inner: WatchedStore
  let timer: HandTimer
  let store: BufferedBlockStore
  beforeEach(async () => {
    inner = new WatchedStore()
    timer = new HandTimer()
    store = buffered(inner, timer)
    await store.create(set, { blockCount: 2 * segmentBlocks + 3, blockBytes: 1024 })
  })
  const put = (start: number, count: number) =>
    Array.from({ length: count }, (_, i) => store.putBlocks(set, [block(start + i)]))

  it('[ST6] writes a segment once, when its last block is put, and only then resolves its puts', async () => {
    const puts = put(0, segmentBlocks - 1)
    let resolved = false
    void puts[0]!.then(() => (resolved = true))
    await inner.held(set)
    expect([inner.writes, resolved]).toEqual([[], false])
    expect((await store.held(set))!.count).toBe(0)
    await Promise.all([...puts, ...put(segmentBlocks - 1, 1)])
    expect(inner.writes).toEqual([segmentBlocks])
    expect((await store.held(set))!.count).toBe(segmentBlocks)
  })

  it('[ST6] knows that the last segment is shorter', async () => {
    await Promise.all(put(2 * segmentBlocks, 3))
    expect(inner.writes).toEqual([3])
  })

  it('[ST6] writes what is scattered in one go on flush, and waits for it', async () => {
    const puts = [...put(0, 2), ...put(segmentBlocks, 2)]
    await store.flush(set)
    expect(inner.writes).toEqual([4])
    await Promise.all(puts)
    await store.flush(set)
    expect(inner.writes).toEqual([4])
  })

  it('[ST6] writes at the second ring what waited at the first, and the timer rests when nothing waits', async () => {
    const early = put(0, 2)
    await inner.shape(set)
    expect(timer.delayMs).toBe(gatherMs)
    timer.ring()
    const late = put(5, 1)
    await inner.shape(set)
    expect(inner.writes).toEqual([])
    timer.ring()
    await Promise.all([...early, ...late])
    expect(inner.writes).toEqual([3])
    expect(timer.isSet).toBe(false)
  })

  it('[ST6] writes everything when the memory bound is reached', async () => {
    const big = 'big' as SetId
    const fits = gatheredBytesMax / blockBytesMax
    await store.create(big, { blockCount: 100 * segmentBlocks, blockBytes: blockBytesMax })
    const bytes = new Uint8Array(blockBytesMax)
    const puts = Array.from({ length: fits + 1 }, (_, i) => store.putBlocks(big, [{ index: i * segmentBlocks, bytes }]))
    await Promise.all(puts)
    expect(inner.writes).toEqual([fits + 1])
  })

  it('[ST6] rejects each put of a write that failed, and takes the same blocks again', async () => {
    inner.fails = new StoreFull()
    const failed = await Promise.allSettled(put(0, segmentBlocks))
    expect(failed.every((one) => one.status === 'rejected' && one.reason === inner.fails)).toBe(true)
    inner.fails = undefined
    await Promise.all(put(0, segmentBlocks))
    expect((await store.held(set))!.count).toBe(segmentBlocks)
  })

  it('[ST6] drops what waits for a data set that is removed', async () => {
    const [waiting] = put(0, 1)
    await Promise.all([expect(waiting).rejects.toBeInstanceOf(UnknownSet), store.remove(set)])
    await store.flush(set)
    expect(inner.writes).toEqual([])
  })

  it('[ST5] removes after the write that is under way', async () => {
    const gate = Promise.withResolvers<void>()
    inner.gate = gate.promise
    const [waiting] = put(0, 1)
    const flushed = store.flush(set)
    const removed = store.remove(set)
    gate.resolve()
    await Promise.all([waiting, flushed, removed])
    expect(await store.sets()).toEqual([])
  })

  it('[ST6] writes what waits when it is closed, and takes nothing more', async () => {
    const [waiting] = put(0, 1)
    await Promise.all([waiting, store.close()])
    expect(inner.writes).toEqual([1])
    await expect(store.putBlocks(set, [block(1)])).rejects.toBeInstanceOf(StoreClosed)
  })

  it('[ST3] refuses a wrong block before it waits for anything', async () => {
    const wrong = { index: 0, bytes: new Uint8Array(3) }
    await expect(store.putBlocks(set, [wrong])).rejects.toBeInstanceOf(BadStoreCall)
    expect(timer.isSet).toBe(false)
  })
})
