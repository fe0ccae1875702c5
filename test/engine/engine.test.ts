import { describe, expect, it } from 'vitest'
import { UploadLimit } from '../../src/core/swarm/upload-limit.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item, ItemView } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { seededBytes } from '../support/seeded.ts'

function hubWithTracker(): MemoryHub {
  const tracker = new TrackerService(() => true)
  return new MemoryHub((lane) => tracker.accept(lane))
}

function openEngine(hub: MemoryHub, name: string, parts: Partial<EngineOptions> = {}) {
  return QuireEngine.open({
    store: new MemoryBlockStore(),
    catalog: new MemoryCatalog(),
    network: hub.join(name),
    origin: 'https://quire.test',
    role: 'program',
    flush: async () => undefined,
    room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false },
    ...parts
  })
}

async function contentOf(item: Item, fileIndex: number): Promise<Uint8Array> {
  const { sizeBytes } = (await item.files())[fileIndex]!
  return collectBytes(item.read(fileIndex, 0, sizeBytes), sizeBytes)
}

describe('share and fetch', () => {
  it.each([1, 65_535, 65_536, 65_537, 5_000_000])('a sealed file of %i bytes arrives whole', async (sizeBytes) => {
    const hub = hubWithTracker()
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice'), openEngine(hub, 'bob')])
    const content = seededBytes(sizeBytes, sizeBytes)
    const link = await alice.add([blobSource('greetings.bin', new Blob([content]))]).whenLinked()
    const item = await bob.open(link)
    const view = await item.whenReady({ signal: AbortSignal.timeout(5000) })
    expect(view).toMatchObject({ state: 'complete', doneBytes: view.totalBytes })
    expect(Buffer.from(await contentOf(item, 0)).equals(content)).toBe(true)
    expect(item.peek().title).toBe('greetings.bin')
    await Promise.all([alice.close(), bob.close()])
  })

  it('a reader gets bytes from the middle of what is not here yet', async () => {
    const hub = hubWithTracker()
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice'), openEngine(hub, 'bob')])
    const content = seededBytes(7, 20_000_000)
    const link = await alice.add([blobSource('film.bin', new Blob([content]))]).whenLinked()
    const item = await bob.open(link)
    const bytes = await collectBytes(item.read(0, 10_000_001, 10_200_000), 199_999)
    expect(Buffer.from(bytes).equals(content.subarray(10_000_001, 10_200_000))).toBe(true)
    await Promise.all([alice.close(), bob.close()])
  })

  it('a reader that rested while the fetch was paused reads on after it', async () => {
    const hub = hubWithTracker()
    const uploadLimit = new UploadLimit(2_000_000)
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice', { uploadLimit }), openEngine(hub, 'bob')])
    const content = seededBytes(8, 5_000_000)
    const link = await alice.add([blobSource('film.bin', new Blob([content]))]).whenLinked()
    const item = await bob.open(link)
    await item.files()
    const reader = item.read(0, 0, content.length).getReader()
    const chunks = [(await reader.read()).value!]
    await item.pause()
    expect(item.peek().doneBlocks).toBeLessThan(item.peek().blockCount)
    await item.resume()
    for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value)
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    await Promise.all([alice.close(), bob.close()])
  })

  it('blocks keep the colour of who sent them over a pause, and a sender keeps its own', async () => {
    const hub = hubWithTracker()
    const uploadLimit = new UploadLimit(2_000_000)
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice', { uploadLimit }), openEngine(hub, 'bob')])
    const link = await alice.add([blobSource('film.bin', new Blob([seededBytes(8, 5_000_000)]))]).whenLinked()
    const item = await bob.open(link)
    await whenState(item, ({ doneBlocks }) => doneBlocks > 10)
    await item.pause()
    const coloursOf = ({ leaves }: ItemView) => leaves.owners.filter((_, leaf) => leaves.levels[leaf]! > 0)
    expect(new Set(coloursOf(item.peek()))).toEqual(new Set([1]))
    await item.resume()
    expect(new Set(coloursOf(await item.whenReady()))).toEqual(new Set([1]))
    await Promise.all([alice.close(), bob.close()])
  })

  it('what an earlier visit stored is read at once, and not fetched again', async () => {
    const parts = { store: new MemoryBlockStore(), catalog: new MemoryCatalog() }
    const content = seededBytes(9, 300_000)
    const first = await openEngine(hubWithTracker(), 'alice', parts)
    await first.add([blobSource('kept.bin', new Blob([content]))]).whenLinked()
    const held = parts.store.held.bind(parts.store)
    const looked = Promise.withResolvers<void>()
    parts.store.held = async (set) => (await looked.promise, held(set)) // the disk is slow
    const again = await openEngine(hubWithTracker(), 'alice', parts)
    const [item] = again.items()
    const read = contentOf(item!, 0)
    looked.resolve()
    expect(Buffer.from(await read).equals(content)).toBe(true)
    expect(item!.peek()).toMatchObject({ state: 'sharing', doneBlocks: item!.peek().blockCount })
    await Promise.all([first.close(), again.close()])
  })

  it('what was stored whole is complete, though its record was not written any more', async () => {
    const parts = { store: new MemoryBlockStore(), catalog: new MemoryCatalog() }
    const first = await openEngine(hubWithTracker(), 'alice', parts)
    await first.add([blobSource('kept.bin', new Blob([seededBytes(9, 300_000)]))]).whenLinked()
    const [record] = await parts.catalog.items()
    await parts.catalog.putItem({ ...record!, complete: false })
    const again = await openEngine(hubWithTracker(), 'alice', parts)
    await again.items()[0]!.whenReady({ signal: AbortSignal.timeout(5000) })
    expect((await parts.catalog.items())[0]!.complete).toBe(true)
    await Promise.all([first.close(), again.close()])
  })

  it('rates fall to nothing when all is here', async () => {
    const hub = hubWithTracker()
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice'), openEngine(hub, 'bob')])
    const shared = alice.add([blobSource('a.bin', new Blob([seededBytes(9, 2_000_000)]))])
    const item = await bob.open(await shared.whenLinked())
    await item.whenReady({ signal: AbortSignal.timeout(5000) })
    const atRest = (each: Item) =>
      whenState(
        each,
        ({ peers }) => peers.every((peer) => peer.sentBytesPerSecond + peer.receivedBytesPerSecond === 0),
        {
          signal: AbortSignal.timeout(8000)
        }
      )
    expect(shared.peek().peers[0]!.sentBytesPerSecond).toBeGreaterThan(0)
    await Promise.all([atRest(shared), atRest(item)])
    await Promise.all([alice.close(), bob.close()])
  })

  it('says that nobody is online, and begins by itself when a holder appears', async () => {
    const hub = hubWithTracker()
    const [alice, bob] = await Promise.all([openEngine(hub, 'alice'), openEngine(hub, 'bob')])
    const shared = alice.add([blobSource('a', new Blob(['hello']))])
    const link = await shared.whenLinked()
    await shared.pause()
    const item = await bob.open(link)
    expect(item.peek().state).toBe('waiting')
    await shared.resume()
    await item.whenReady({ signal: AbortSignal.timeout(5000) })
    await Promise.all([alice.close(), bob.close()])
  })
})
