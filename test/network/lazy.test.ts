import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { relayRetryMsMax } from '../../src/core/limits.ts'
import { lazyNetwork } from '../../src/network/lazy.ts'
import { MemoryHub, MemoryNetwork } from '../../src/network/memory.ts'

const relay = 'https://relay.example'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A network whose first loads fail, and what it told of its relays. */
function failing(failures: number) {
  let loads = 0
  const load = async () => {
    if (++loads <= failures) throw new TypeError('Failed to fetch dynamically imported module')
    return new MemoryNetwork('peer' as PeerId, new MemoryHub())
  }
  const network = lazyNetwork(load, [relay], true)
  const told: string[] = []
  network.onStatus = ({ relays }) => void told.push(relays.map(({ state }) => state).join() || 'none')
  return { network, told, loads: () => loads }
}

it('[NW46] what could not be loaded is loaded anew, and until then its relays are out of reach', async () => {
  const { network, told, loads } = failing(2)
  await expect(network.start()).rejects.toThrow('Failed to fetch')
  expect(network.status()).toEqual({ relays: [{ url: relay, state: 'unreachable' }], webrtc: true })
  await vi.advanceTimersByTimeAsync(relayRetryMsMax)
  expect(loads()).toBe(2)
  await vi.advanceTimersByTimeAsync(relayRetryMsMax)
  expect(loads()).toBe(3)
  expect(told).toEqual(['unreachable', 'unreachable', 'reserved'])
  await vi.advanceTimersByTimeAsync(10 * relayRetryMsMax)
  expect(loads()).toBe(3)
})

it('[NW46] at once when it is nudged', async () => {
  const { network, told, loads } = failing(1)
  await expect(network.start()).rejects.toThrow()
  network.nudge()
  await vi.advanceTimersByTimeAsync(0)
  expect([loads(), ...told]).toEqual([2, 'unreachable', 'reserved'])
})

it('[NW46] once, however many asked meanwhile', async () => {
  const { network, loads } = failing(9)
  for (let n = 0; n < 3; n++) await expect(network.start()).rejects.toThrow()
  await vi.advanceTimersByTimeAsync(relayRetryMsMax)
  expect(loads()).toBe(4)
})

it.each(['after a try', 'during one'])('[NW46] and not when it was stopped %s', async (when) => {
  const { network, loads } = failing(9)
  const started = expect(network.start()).rejects.toThrow()
  if (when === 'after a try') await started
  await Promise.all([network.stop(), started])
  await vi.advanceTimersByTimeAsync(10 * relayRetryMsMax)
  expect(loads()).toBe(1)
})

it('is not loaded before it is started', () => {
  const { network, loads } = failing(0)
  network.nudge()
  network.addRelay(relay)
  expect([loads(), network.status()]).toEqual([0, { relays: [], webrtc: true }])
})
