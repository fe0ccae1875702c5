import { expect, it } from 'vitest'
import { Room, type RoomProbe } from '../../src/engine/room.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'

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
  await room.reserve(512)
  store.usedBytes = async () => 500
  await expect(room.reserve(13)).rejects.toMatchObject({ code: 'store-full', params: { freeBytes: 12 } })
  await room.reserve(12)
  expect(room.view.peek()).toMatchObject({ usedBytes: 500, limitBytes: 512, freeBytes: 12 })
})
