import { afterEach, describe, expect, it } from 'vitest'
import type { BlockRange } from '../../src/core/block/bitmap.ts'
import type { SetId } from '../../src/core/ids.ts'
import { segmentBlocks } from '../../src/core/limits.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { platformTimers, whenState } from '../../src/engine/watch.ts'
import { BlockNotHeld, StoreFailed } from '../../src/store/errors.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { buffered, type Timer } from '../../src/store/segment-buffer.ts'
import type { BlockStore } from '../../src/store/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { closeAll, freshParts, hubWithTracker, openEngine, partsIn, within } from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

const film = seededBytes(5, 6_000_000)

/** A hub where alice shares a film. She sends so many blocks of it or a few more, and the others when she is told to `goOn`. */
async function shared(mostBlocks = Infinity) {
  const hub = hubWithTracker()
  const parts = freshParts()
  const alice = await openEngine(hub, 'alice', parts)
  const link = await alice.add([blobSource('film.bin', new Blob([film]))]).whenLinked()
  return { hub, alice, link, ...slow(parts.store, mostBlocks) }
}

function slow(store: BlockStore, mostBlocks: number) {
  const read = store.readBlocks.bind(store)
  const further = Promise.withResolvers<void>()
  let count = 0
  store.readBlocks = async (set, range) => {
    const waits = count >= mostBlocks
    count += range.count
    if (waits) await further.promise
    return read(set, range)
  }
  return { sent: () => count, goOn: () => further.resolve() }
}

const never: Timer = { after: () => () => undefined }

/** A store of bob's that gathers segments; `came` resolves when so many blocks did. */
function gathering(inner: BlockStore, blocks: number, timer = never) {
  const store = buffered(inner, timer)
  const put = store.putBlocks.bind(store)
  const came = Promise.withResolvers<void>()
  let count = 0
  store.putBlocks = (set, some) => {
    count += some.length
    const done = put(set, some)
    if (count >= blocks) came.resolve()
    return done
  }
  const parts = { store, catalog: new MemoryCatalog(), flush: (set: SetId) => store.flush(set) }
  return { parts, came: came.promise }
}

const nearly = 5_000_000

// What a rejection that nobody handles does to a program, vitest does to the run: it fails.
describe('a fetch for which there was no room', () => {
  it('begins at the next visit once there is, shows how it comes along, and fetches nothing twice', async () => {
    await using folder = await temporaryFolder('bob')
    const { hub, link, sent } = await shared()
    const cramped = await partsIn(folder.path)
    await cramped.catalog.put('limitBytes', nearly)
    const bob = await openEngine(hub, 'bob', cramped)
    const { id } = await bob.open(link)
    const { error } = await whenState(bob.item(id)!, ({ state }) => state === 'error', within())
    expect(error).toMatchObject({ code: 'store-full', retryable: true })
    await bob.close()

    const again = await openEngine(hub, 'bob', await partsIn(folder.path))
    await whenState(again.item(id)!, ({ state }) => state === 'error', within())
    await again.close()

    const roomy = await partsIn(folder.path)
    await roomy.catalog.put('limitBytes', 2 * nearly)
    const item = (await openEngine(hub, 'bob', roomy)).item(id)!
    const { blockCount, doneBlocks } = await item.whenReady(within())
    expect(doneBlocks).toBe(blockCount)
    await item.pause()
    await item.resume()
    await item.whenReady(within())
    expect(sent()).toBe(blockCount)
  })

  it('begins in the same visit, when it is tried again', async () => {
    await using folder = await temporaryFolder('bob')
    const { hub, link, sent } = await shared()
    const parts = await partsIn(folder.path)
    await parts.catalog.put('limitBytes', nearly)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await whenState(item, ({ state }) => state === 'error', within())
    await parts.catalog.put('limitBytes', 2 * nearly)
    const files = item.files()
    await item.retry()
    const { blockCount, doneBlocks } = await item.whenReady(within())
    expect({ doneBlocks, sent: sent() }).toEqual({ doneBlocks: blockCount, sent: blockCount })
    expect(await files).toMatchObject([{ path: 'film.bin' }])
  })
})

describe('of an earlier visit', () => {
  it('what was not read to its end says so, also when it is told to go on', async () => {
    const { hub } = await shared()
    const [store, catalog] = [new MemoryBlockStore(), new MemoryCatalog()]
    const { read, ...source } = blobSource('film.bin', new Blob([film]))
    const never: typeof read = () => new Promise(() => undefined)
    const adding = (await openEngine(hub, 'bob', { store, catalog })).add([{ ...source, read: never }])
    await whenState(adding, ({ title }) => title !== '', within())
    const parts = { store: store.reopened(), catalog: catalog.reopened() }
    const [item] = (await openEngine(hub, 'bob again', parts)).items()
    const interrupted = { state: 'error', error: { code: 'adding-interrupted' } }
    expect(item!.peek()).toMatchObject(interrupted)
    for (const goOn of ['resume', 'retry'] as const) {
      await item![goOn]()
      expect(item!.peek()).toMatchObject(interrupted)
    }
  })

  it('that was killed between making the place and remembering the manifest, nothing is in the way', async () => {
    const { hub, link } = await shared()
    const [store, catalog] = [new MemoryBlockStore(), new MemoryCatalog()]
    const put = catalog.putItem.bind(catalog)
    const killed = Promise.withResolvers<void>()
    catalog.putItem = (item) => (item.manifest ? (killed.resolve(), new Promise(() => undefined)) : put(item))
    await (await openEngine(hub, 'bob', { store, catalog })).open(link)
    await killed.promise
    expect(await store.sets()).toHaveLength(1)
    const parts = { store: store.reopened(), catalog: catalog.reopened() }
    const [item] = (await openEngine(hub, 'bob again', parts)).items()
    await item!.whenReady(within())
  })

  it('of a version that remembered the manifest and had no place, what is fetched is shown', async () => {
    const { hub, link } = await shared()
    const [before, parts] = [freshParts(), freshParts()]
    await (await (await openEngine(hub, 'bob', before)).open(link)).whenReady(within())
    const [record] = await before.catalog.items()
    await parts.catalog.putItem({ ...record!, complete: false, title: '' })
    const [item] = (await openEngine(hub, 'bob again', parts)).items()
    const { doneBlocks, blockCount } = await item!.whenReady(within())
    expect(doneBlocks).toBe(blockCount)
    expect(await item!.files()).toMatchObject([{ path: 'film.bin' }])
  })
})

describe('a fetch that is paused and goes on', () => {
  it('has what was gathered when it was paused, though its holder has left', async () => {
    const { hub, alice, link } = await shared(48)
    const inner = new MemoryBlockStore()
    const { parts, came } = gathering(inner, 48)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await came
    await item.pause()
    await alice.close()
    await item.resume()
    const { count } = (await inner.held(item.id))!
    expect(count).toBeGreaterThanOrEqual(48)
    expect(item.peek()).toMatchObject({ state: 'waiting', doneBlocks: count })
  })

  it('is complete when the last blocks became durable after it was paused', async () => {
    const { hub, alice, link } = await shared()
    const inner = new MemoryBlockStore()
    const put = inner.putBlocks.bind(inner)
    const disk = Promise.withResolvers<void>()
    inner.putBlocks = async (set, blocks) => (await disk.promise, put(set, blocks))
    // What has not come by then comes from nobody.
    const { parts, came } = gathering(inner, alice.items()[0]!.peek().blockCount)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await came
    await item.pause()
    await alice.close()
    disk.resolve()
    await item.resume()
    await item.whenReady(within())
  })

  it('fetches no more than a segment twice', async () => {
    const { hub, link, sent, goOn } = await shared(48)
    const { parts, came } = gathering(new MemoryBlockStore(), 48, platformTimers)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await came
    await item.pause()
    goOn()
    await item.resume()
    const { blockCount } = await item.whenReady(within())
    expect(sent()).toBeLessThanOrEqual(blockCount + segmentBlocks)
  })

  it.each(['waits', 'is idle'])('is read on by whoever read it before, who %s meanwhile', async (what) => {
    const { hub, link, goOn } = await shared(20)
    const { parts } = gathering(new MemoryBlockStore(), 20)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await item.files()
    const reader = item.read(0, 0, film.length).getReader()
    const chunks = [(await reader.read()).value!]
    const waiting = what === 'waits' ? readAll(reader) : undefined
    await item.pause()
    await item.resume()
    goOn()
    chunks.push(...(await (waiting ?? readAll(reader))))
    expect(Buffer.concat(chunks).equals(film)).toBe(true)
  })

  it('ends what is read when it is removed', async () => {
    const { hub, link } = await shared(20)
    const { parts } = gathering(new MemoryBlockStore(), 20)
    const item = await (await openEngine(hub, 'bob', parts)).open(link)
    await item.files()
    const reading = readAll(item.read(0, 0, film.length).getReader())
    const failure = expect(reading).rejects.toMatchObject({ code: 'stopped' })
    await item.remove()
    await failure
  })
})

describe('a holder whose disk fails', () => {
  it.each(['readBlocks', 'readHashGroup'] as const)('once, at %s, gives it a second later', async (read) => {
    const hub = hubWithTracker()
    const parts = freshParts()
    const codes: unknown[] = []
    const log = (_event: string, fields: object = {}) => codes.push(...Object.values(fields))
    const alice = await openEngine(hub, 'alice', { ...parts, log })
    const link = await alice.add([blobSource('film.bin', new Blob([film]))]).whenLinked()
    const { [read]: works } = parts.store
    const fails = () => {
      Object.assign(parts.store, { [read]: works })
      return Promise.reject(new StoreFailed('a bucket that is busy'))
    }
    Object.assign(parts.store, { [read]: fails })
    await (await (await openEngine(hub, 'bob')).open(link)).whenReady(within())
    expect(codes).toEqual(['store-failed'])
  })

  it('for good, gives what is still there', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    const alice = await openEngine(hub, 'alice', parts)
    const link = await alice.add([blobSource('film.bin', new Blob([film]))]).whenLinked()
    const read = parts.store.readBlocks.bind(parts.store)
    const isGone = ({ start, count }: BlockRange) => start <= 70 && start + count > 70
    parts.store.readBlocks = (set, range) => (isGone(range) ? Promise.reject(new BlockNotHeld(70)) : read(set, range))
    const item = await (await openEngine(hub, 'bob')).open(link)
    await whenState(item, ({ blockCount, doneBlocks }) => blockCount > 0 && doneBlocks === blockCount - 1, within())
  })
})

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value)
  return chunks
}
