import { afterEach, describe, expect, it } from 'vitest'
import { blobSource } from '../../src/engine/sources.ts'
import { whenState } from '../../src/engine/watch.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import type { BlockStore } from '../../src/store/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { closeAll, freshParts, hubWithTracker, openEngine, partsIn, within } from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

/** A hub where alice shares a film, and how many blocks of it she sent. */
async function shared() {
  const hub = hubWithTracker()
  const parts = freshParts()
  const alice = await openEngine(hub, 'alice', parts)
  const link = await alice.add([blobSource('film.bin', new Blob([seededBytes(5, 6_000_000)]))]).whenLinked()
  return { hub, link, sent: blocksRead(parts.store) }
}

function blocksRead(store: BlockStore): () => number {
  const read = store.readBlocks.bind(store)
  let count = 0
  store.readBlocks = (set, range) => {
    count += range.count
    return read(set, range)
  }
  return () => count
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
