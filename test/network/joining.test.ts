import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { spareAfterMs, spareRestMs } from '../../src/core/limits.ts'
import { Relays } from '../../src/network/libp2p/relays.ts'
import type { RelayConfig } from '../../src/network/relay-config.ts'

/** Joins relays whose connections, and their answers, a test makes. */
async function desk() {
  const remotePeer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const reserved: (() => void)[] = []
  const dials: ((connection: Connection) => void)[] = []
  const reservationStore = Object.assign(new EventTarget(), { addRelay: async () => reserve() })
  const reserve = () => new Promise<void>((resolve) => reserved.push(resolve))
  const transport = { [Symbol.toStringTag]: '@libp2p/circuit-relay-v2-transport', reservationStore }
  const node = {
    components: { transportManager: { getTransports: () => [transport], listen: reserve } },
    dial: () => new Promise<Connection>((resolve) => dials.push(resolve))
  }
  const connection = () => {
    const made = Object.assign(new EventTarget(), {
      remotePeer,
      muxer: { ping: async () => 1 },
      isCut: false,
      newStream: async () => new EventTarget(),
      abort: () => {
        made.isCut = true
        made.dispatchEvent(new Event('close'))
      }
    })
    return made
  }
  const away = new Set<string>()
  const ask = async (url: string): Promise<RelayConfig> => {
    if (away.has(url)) throw new Error('nobody is there')
    return { peerId: remotePeer.toString(), stunPort: undefined, turn: undefined, keepers: [], others: [] }
  }
  const relays = new Relays(node as unknown as Libp2p, ask, { onChange: () => undefined, onTracker: () => undefined })
  const dialled = async (made: ReturnType<typeof connection>) => {
    await vi.waitFor(() => expect(dials).toHaveLength(1))
    dials.shift()!(made as unknown as Connection)
    await vi.waitFor(() => expect(reserved).toHaveLength(1))
    return reserved.shift()!
  }
  return { relays, remotePeer, away, connection, dials, dialled }
}

const own = 'https://own.example'
const spare = 'https://spare.example'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

it('[NW2] a relay that closes before it is up is tried again', async () => {
  const { relays, connection, dialled } = await desk()
  relays.add(own, true)
  const [first, second] = [connection(), connection()]
  const reserve = await dialled(first)
  first.dispatchEvent(new Event('close'))
  reserve()
  await vi.waitFor(() => expect(relays.statuses()).toMatchObject([{ url: own, state: 'unreachable' }]))
  await vi.advanceTimersByTimeAsync(1_000)
  ;(await dialled(second))()
  await vi.waitFor(() => expect(relays.statuses()).toEqual([{ url: own, state: 'reserved' }]))
  relays.stop()
})

it('[NW36] a spare relay that is needed no longer when it is there is left', async () => {
  const { relays, remotePeer, away, connection, dials, dialled } = await desk()
  away.add(own)
  relays.add(own, true)
  relays.addSpares([{ url: spare, peerId: remotePeer.toString() as PeerId }])
  await vi.advanceTimersByTimeAsync(2 * spareAfterMs)
  expect(relays.statuses().map(({ url }) => url)).toEqual([own, spare])
  const late = dials.splice(0)
  expect(late).toHaveLength(1)
  away.clear()
  await vi.advanceTimersByTimeAsync(3_000)
  ;(await dialled(connection()))()
  await vi.advanceTimersByTimeAsync(2 * spareRestMs)
  expect(relays.statuses()).toEqual([{ url: own, state: 'reserved' }])
  const unneeded = connection()
  dials.push(...late)
  ;(await dialled(unneeded))()
  await vi.waitFor(() => expect(unneeded.isCut).toBe(true))
  expect(relays.has(unneeded as unknown as Connection)).toBe(false)
  relays.stop()
})
