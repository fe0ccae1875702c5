import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { turnUserAllocationsMax } from '../../../src/core/limits.ts'
import { TurnTown } from '../turn-town.ts'

let town: TurnTown

beforeAll(async () => {
  town = await TurnTown.found()
})

afterEach(() => town.stopAll())

afterAll(() => town[Symbol.asyncDispose]())

it('[TU2] what /config.json offers passes packets on, over UDP and over TCP', async () => {
  await town.start()
  const ways = [
    ['-y', '-c'],
    ['-y', '-c', '-t']
  ]
  for (const said of await Promise.all(ways.map((flags) => town.use(flags)))) {
    expect(said).toMatch(/tot_send_msgs=2, tot_recv_msgs=2[\s\S]*Total lost packets 0 /)
  }
})

it('[TU5] one user has so many allocations and no more', async () => {
  await town.start()
  const said = await town.use(['-y', '-c', '-m', String(turnUserAllocationsMax + 2)])
  expect(said).toMatch(/error 486 \(Allocation Quota Reached\)/)
})

it('[TU6] private addresses are relayed to where that is allowed', async () => {
  await town.start({ QUIRE_TURN_ALLOW_PRIVATE: '1' })
  expect(await town.use(['-e', '10.0.2.2', '-v'], {}, 2)).toMatch(/channel bind sent(?![\s\S]*403)/)
})

it('[TU7] says that it relays from the address by which the internet knows it', async () => {
  await town.start({ QUIRE_TURN_ADDRESS: '203.0.113.77' })
  expect(await town.use(['-y', '-c', '-v'], {}, 2)).toMatch(/Received relay addr: 203\.0\.113\.77:/)
})
