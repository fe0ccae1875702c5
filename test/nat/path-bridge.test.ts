import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Program, startProgram } from '../support/program.ts'
import { Namespaces } from './namespaces.ts'
import { PathBridge } from './path-bridge.ts'
import type { RoundTrips } from './round-trips.ts'

let spaces: Namespaces
let bridge: PathBridge
let echo: Program

beforeAll(async () => {
  spaces = new Namespaces(['near', 'far', 'path'])
  const ends = [
    { role: 'near', device: 'path' },
    { role: 'far', device: 'path' }
  ] as const
  bridge = await PathBridge.lay(spaces, 'path', ends, { delayMs: 0, loss: 0 })
  spaces.ip('near', 'address add 203.0.113.1/24 dev path')
  spaces.ip('far', 'address add 203.0.113.2/24 dev path\naddress add 203.0.113.3/24 dev path')
  echo = startProgram('test/nat/echo.ts', ['203.0.113.2', '203.0.113.3', '7001', '7002'], {}, spaces.within('far'))
  await echo.line()
})

afterAll(async () => {
  await echo?.kill()
  await bridge?.[Symbol.asyncDispose]()
  spaces?.remove()
})

async function askTimes(count: number): Promise<RoundTrips> {
  const words = ['203.0.113.2', '7001', String(count)]
  await using probe = startProgram('test/nat/round-trips.ts', words, {}, spaces.within('near'))
  return JSON.parse(await probe.line()) as RoundTrips
}

it('a path holds each frame back for its delay, either way', async () => {
  bridge.set({ delayMs: 40, loss: 0 })
  const { answered, shortestMs } = await askTimes(5)
  expect(answered).toBe(5)
  expect(shortestMs).toBeGreaterThanOrEqual(80)
})

it('a path loses its share', async () => {
  await askTimes(1) // both ends know each other's hardware address
  bridge.set({ delayMs: 0, loss: 1 })
  expect((await askTimes(2)).answered).toBe(0)
  bridge.set({ delayMs: 0, loss: 0.3 })
  const { answered } = await askTimes(200) // half of them, within seven standard deviations
  expect(answered).toBeGreaterThan(50)
  expect(answered).toBeLessThan(150)
})

it('a bottleneck loses what comes faster than it lets out and than it may hold', async () => {
  bridge.set({ delayMs: 0, loss: 0, bytesPerSecond: 1_000, queueBytes: 200 })
  expect((await askTimes(20)).answered).toBeLessThan(20)
})
