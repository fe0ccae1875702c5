import { afterEach, describe, expect, it } from 'vitest'
import { Room, type RoomProbe } from '../../src/engine/room.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { FileSource } from '../../src/engine/types.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { closeAll, freshParts, hubWithTracker, openEngine, within } from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

const probe: RoomProbe = {
  durable: true,
  freeBytes: async () => Infinity,
  persisted: async () => true
}

it('a thousand who ask how much is stored share two looks, and see what was stored before they asked', async () => {
  const store = new MemoryBlockStore()
  let looks = 0
  let usedBytes = 0
  store.usedBytes = async () => {
    looks++
    return usedBytes
  }
  const room = new Room(store, new MemoryCatalog(), probe, platformTimers)
  const first = room.refresh()
  await Promise.resolve()
  usedBytes = 7
  await Promise.all([first, ...Array.from({ length: 1_000 }, () => room.refresh())])
  expect({ looks, usedBytes: room.view.peek().usedBytes }).toEqual({ looks: 2, usedBytes: 7 })
})

it('a look that fails does not keep the next from looking', async () => {
  const store = new MemoryBlockStore()
  store.usedBytes = () => Promise.reject(new Error('gone'))
  const room = new Room(store, new MemoryCatalog(), probe, platformTimers)
  await expect(room.refresh()).rejects.toThrow('gone')
  store.usedBytes = async () => 7
  await room.refresh()
  expect(room.view.peek().usedBytes).toBe(7)
})

it('in memory the limit is what memory may hold, and what is used is no longer free', async () => {
  const store = new MemoryBlockStore()
  const room = new Room(store, new MemoryCatalog(), { ...probe, durable: false, bytesMax: 512 }, platformTimers)
  await room.reserve('a', () => 512)
  room.release('a')
  store.usedBytes = async () => 500
  await expect(room.reserve('a', () => 13)).rejects.toMatchObject({ code: 'store-full', params: { freeBytes: 12 } })
  await room.reserve('a', () => 12)
  expect(room.view.peek()).toMatchObject({ usedBytes: 500, limitBytes: 512, freeBytes: 12 })
})

describe('what is let in and not stored yet', () => {
  const limitBytes = 10_000_000

  async function roomOf(usedBytes = 0) {
    const [store, catalog] = [new MemoryBlockStore(), new MemoryCatalog()]
    store.usedBytes = async () => usedBytes
    await catalog.put('limitBytes', limitBytes)
    return new Room(store, catalog, probe, platformTimers)
  }

  it('counts, so that of two who ask at once one is refused, until it is stored or released', async () => {
    const room = await roomOf()
    let leftBytes = 6_000_000
    const asked = await Promise.allSettled([room.reserve('a', () => leftBytes), room.reserve('b', () => 6_000_000)])
    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await expect(room.reserve('b', () => 6_000_000)).rejects.toMatchObject({ params: { freeBytes: 4_000_000 } })
    leftBytes = 3_000_000
    await room.reserve('b', () => 6_000_000)
    room.release('b')
    expect(room.leftBytes).toBe(7_000_000)
  })

  it('counts once for who asks again', async () => {
    const room = await roomOf(1_000_000)
    for (let i = 0; i < 2; i++) await room.reserve('a', () => 6_000_000)
    expect(room.leftBytes).toBe(3_000_000)
  })

  it.each(['added', 'fetched'])(
    'counts when two are %s at once, and no more when the first is removed',
    async (way) => {
      const hub = hubWithTracker()
      const parts = freshParts()
      await parts.catalog.put('limitBytes', limitBytes)
      const [alice, bob] = [await openEngine(hub, 'alice'), await openEngine(hub, 'bob', parts)]
      const files = [1, 2].map((seed) => [blobSource('a', new Blob([seededBytes(seed, 6_000_000)]))])
      const begin = async (file: FileSource[]) =>
        way === 'added' ? bob.add(file) : bob.open(await alice.add(file).whenLinked())
      const items = await Promise.all(files.map(begin))
      const ready = await Promise.allSettled(items.map((item) => item.whenReady(within())))
      expect(ready.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      const [whole, refused] = items.sort((a) => (a.peek().state === 'error' ? 1 : -1))
      expect(refused!.peek().error).toMatchObject({ code: 'store-full' })
      await whole!.remove()
      if (way === 'fetched') await refused!.retry()
      await (way === 'fetched' ? refused! : bob.add(files[0]!)).whenReady(within())
    }
  )
})
