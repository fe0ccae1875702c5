import { hash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import type { QuireEngine } from '../../src/engine/engine.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item } from '../../src/engine/types.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import type { MemoryHub } from '../../src/network/memory.ts'
import { StoreFailed } from '../../src/store/errors.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { buffered, type Timer } from '../../src/store/segment-buffer.ts'
import type { BlockStore, Catalog } from '../../src/store/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { closeAll, freshParts, hubWithTracker, openEngine, partsIn, within } from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(() => {
  vi.restoreAllMocks()
  return closeAll()
})

const film = seededBytes(5, 12_000_000)
const blockCount = Math.ceil((film.length + 1) / 65_536)
const half = Math.floor(blockCount / 2)

/** A timer that rings when it is told to. */
function bell(): Timer & { ring: () => void } {
  let run: (() => void) | undefined
  return {
    after(_delayMs, then) {
      run = then
      return () => (run = undefined)
    },
    ring() {
      const then = run
      run = undefined
      then?.()
    }
  }
}

/** A film of alice's, which she sends half of until she is told to `goOn`, and which of its blocks were hashed since the last look. */
async function world() {
  const hub = hubWithTracker()
  const { store, catalog } = freshParts()
  const alice = await openEngine(hub, 'alice', { store, catalog })
  const item = alice.add([blobSource('film.bin', new Blob([film]))])
  const link = await item.whenLinked()
  const blocks = await store.readBlocks(item.id, { start: 0, count: blockCount })
  const read = vi.spyOn(store, 'readBlocks')
  const groups = vi.spyOn(store, 'readHashGroup')
  const further = Promise.withResolvers<void>()
  const inner = MemoryBlockStore.prototype.readBlocks.bind(store)
  let sent = 0
  read.mockImplementation(async (set, range) => {
    const waits = sent >= half
    sent += range.count
    if (waits) await further.promise
    return inner(set, range)
  })
  const hashedNow = watchHashing(blocks)
  return { hub, alice, link, hashedNow, groupsSent: () => groups.mock.calls.length, goOn: () => further.resolve() }
}

/** Every hash of the platform over one of these blocks, by its place. What is hashed by the pure core is no block. */
function watchHashing(blocks: readonly Uint8Array[]): () => number[] {
  const placeOf = new Map(blocks.map((bytes, index) => [hash('sha256', bytes), index]))
  let hashed: number[] = []
  const digest = crypto.subtle.digest.bind(crypto.subtle)
  vi.spyOn(crypto.subtle, 'digest').mockImplementation((algorithm, data) => {
    const index = placeOf.get(hash('sha256', data as Uint8Array))
    if (index !== undefined) hashed.push(index)
    return digest(algorithm, data)
  })
  return () => {
    const some = hashed
    hashed = []
    return some.sort((a, b) => a - b)
  }
}

/** Gathers segments as the page does; `came` resolves when half of the film did, and `atQuarter` is called before. */
function gathering(inner: BlockStore, catalog: Catalog, timer: Timer, atQuarter?: () => void) {
  const store = buffered(inner, timer)
  const put = store.putBlocks.bind(store)
  const came = Promise.withResolvers<void>()
  let count = 0
  store.putBlocks = (set, some) => {
    if (count < half / 2 && count + some.length >= half / 2) atQuarter?.()
    count += some.length
    const done = put(set, some)
    if (count >= half) came.resolve()
    return done
  }
  return { parts: { store, catalog, flush: (set: SetId) => store.flush(set) }, came: came.promise }
}

const placesHeld = async (store: BlockStore, set: SetId): Promise<Set<number>> => {
  const places = new Set<number>()
  for (const { start, count } of (await store.held(set))!.ranges())
    for (let i = 0; i < count; i++) places.add(start + i)
  return places
}

const missingFrom = (held: ReadonlySet<number>): number[] =>
  Array.from({ length: blockCount }, (_, index) => index).filter((index) => !held.has(index))

async function begun(hub: MemoryHub, link: string, { parts, came }: ReturnType<typeof gathering>) {
  const engine: QuireEngine = await openEngine(hub, 'bob', parts)
  const item: Item = await engine.open(link)
  await came
  return { engine, item }
}

describe('[SW21] a fetch that goes on hashes nothing that was verified', () => {
  it('after a reload: of what is on disk no block is hashed, and no hash is asked for', async () => {
    await using folder = await temporaryFolder('bob')
    const { hub, link, hashedNow, groupsSent, goOn } = await world()
    const first = await partsIn(folder.path)
    const { engine, item } = await begun(hub, link, gathering(first.store, first.catalog, platformTimers))
    await engine.close()
    hashedNow()
    const asked = groupsSent()

    const { store, catalog } = await partsIn(folder.path)
    const held = await placesHeld(store, item.id)
    expect(held.size).toBeGreaterThanOrEqual(half)
    goOn()
    const again = await openEngine(hub, 'bob again', gathering(store, catalog, platformTimers).parts)
    await again.item(item.id)!.whenReady(within())
    expect(hashedNow()).toEqual(missingFrom(held))
    expect(groupsSent()).toBe(asked)
  })

  it('after a crash: what was not durable comes again, and is hashed when it does', async () => {
    const { hub, link, hashedNow, goOn } = await world()
    const [disk, catalog, timer] = [new MemoryBlockStore(), new MemoryCatalog(), bell()]
    // Segments that are not whole wait for the timer's second ring.
    const twice = () => [1, 2].forEach(timer.ring)
    const { item } = await begun(hub, link, gathering(disk, catalog, timer, twice))
    await expect.poll(async () => (await placesHeld(disk, item.id)).size).toBeGreaterThan(0)
    const [after, remembered] = [disk.reopened(), catalog.reopened()]
    disk.putBlocks = () => Promise.reject(new StoreFailed('it was killed'))
    await item.pause()
    const held = await placesHeld(after, item.id)
    expect(held.size).toBeGreaterThan(0)
    hashedNow()
    goOn()
    const parts = gathering(after, remembered, platformTimers).parts
    await (await openEngine(hub, 'bob again', parts)).item(item.id)!.whenReady(within())
    expect(hashedNow()).toEqual(missingFrom(held))
  })

  it('after a pause: each block is hashed once, over all of it', async () => {
    const { hub, link, hashedNow, goOn } = await world()
    const disk = new MemoryBlockStore()
    const { item } = await begun(hub, link, gathering(disk, new MemoryCatalog(), platformTimers))
    await item.pause()
    hashedNow()
    await item.resume()
    const held = await placesHeld(disk, item.id)
    expect(held.size).toBeGreaterThanOrEqual(half)
    goOn()
    await item.whenReady(within())
    expect(hashedNow()).toEqual(missingFrom(held))
  })

  it('nor does who has all of it, at the next start or when it is read', async () => {
    const { hub, alice, link, hashedNow, goOn } = await world()
    goOn()
    const parts = { store: new MemoryBlockStore(), catalog: new MemoryCatalog() }
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await item.whenReady(within())
    expect(hashedNow()).toEqual(missingFrom(new Set()))
    await alice.close()
    const again = await openEngine(hub, 'bob again', {
      store: parts.store.reopened(),
      catalog: parts.catalog.reopened()
    })
    const [same] = again.items()
    const bytes = await new Response(same!.read(0, 0, film.length)).arrayBuffer()
    expect(Buffer.from(bytes).equals(film)).toBe(true)
    expect(hashedNow()).toEqual([])
  })
})
