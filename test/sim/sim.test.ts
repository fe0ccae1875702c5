import { describe, expect, it } from 'vitest'
import { honest } from './characters.ts'
import { type CrowdResult, homeLine, runCrowd } from './crowd.ts'
import { runFaults } from './faults.ts'
import { replayLine } from './replay.ts'
import { Tokens } from './tokens.ts'
import { World } from './world.ts'

const MiB = 1024 * 1024

/** Runs a world of a seed; a failure says how to see it again. */
function runSeed(seed: number): void {
  try {
    runFaults(seed)
  } catch (error) {
    throw new Error(`${(error as Error).message}\nagain: ${replayLine(seed)}`, { cause: error })
  }
}

describe('simulation: whatever goes wrong', () => {
  const fixed = Array.from({ length: 40 }, (_, i) => i + 1)

  it.each(fixed)('[SW5] [SW6] [SW11] [SW14] seed %i: what must hold holds, and everybody has everything', runSeed)

  it('fresh seeds, another set each day', () => {
    const first = Math.floor(Date.now() / 86_400_000) * 100
    const untilMs = performance.now() + 15_000
    for (let seed = first; seed < first + 60 && performance.now() < untilMs; seed++) runSeed(seed)
  })
})

describe('simulation: without relays', () => {
  const blocks = 400
  const isDone = (world: World) => () => world.lacking === 0

  function crowd(seed: number, trackers: number) {
    const world = new World(seed, new Tokens(blocks, 64 * 1024, seed), { trackers })
    const source = world.join('source', { line: homeLine, character: honest, holdsEverything: true })
    const others = Array.from({ length: 6 }, (_, i) => world.join(`p${i}`, { line: homeLine, character: honest }))
    return { world, source, others }
  }

  it('a swarm goes on when every relay is gone after joining, also when its first holder leaves then', () => {
    const { world, source, others } = crowd(9, 2)
    world.pass(500)
    world.trackers.forEach((tracker) => tracker.die())
    const isHeld = (_: unknown, index: number) => others.some(({ disk }) => disk.durable.has(index))
    world.until(() => Array.from({ length: blocks }).every(isHeld), 120_000, 'each block has come to somebody')
    expect(world.lacking).toBeGreaterThan(3)
    source.leave()
    world.until(isDone(world), 120_000, 'everybody has everything')
  })

  it('[SW16] [EX15] peers that know nobody but one holder find each other by it, and trade', () => {
    const { world, source, others } = crowd(10, 0)
    for (const peer of others) peer.meet([source])
    world.until(isDone(world), 120_000, 'everybody has everything')
    for (const peer of others) expect(peer.lanes.size).toBeGreaterThan(2)
    expect(source.wire.sentBytes).toBeLessThan(4 * blocks * 64 * 1024)
  })
})

describe('simulation: a crowd that comes at once', () => {
  const ratio = (result: CrowdResult) => result.lastMs / result.fluidMs

  it.each([1, 2, 3])('[SW15] 8 peers cost their first holder less than one and a half uploads, seed %i', (seed) => {
    const result = runCrowd({ seed, peers: 8, bytes: 64 * MiB })
    expect(result.seederCopies).toBeLessThan(1.5)
    expect(result.duplicates).toBeLessThan(0.01)
    expect(ratio(result)).toBeLessThan(1.5)
  })

  it('[SW15] suggestions are followed to their end, however small the window', () => {
    expect(runCrowd({ seed: 6, peers: 120, bytes: 64 * MiB }).seederCopies).toBeLessThan(1.33)
  })

  it('[SW9] peers alike are done within a fifth of each other, and have few neighbours', () => {
    const result = runCrowd({ seed: 4, peers: 100, bytes: 32 * MiB })
    expect(result.lastMs - result.firstMs).toBeLessThan(0.2 * result.lastMs)
    expect(result.neighbours).toBeLessThan(20)
    expect(result.duplicates).toBeLessThan(0.01)
    expect(result.controlShare).toBeLessThan(0.03)
  })

  it('the same seed gives the same run', () => {
    const once = runCrowd({ seed: 5, peers: 10, bytes: 8 * MiB })
    const again = runCrowd({ seed: 5, peers: 10, bytes: 8 * MiB })
    expect({ ...again, cpuSeconds: 0 }).toEqual({ ...once, cpuSeconds: 0 })
  })
})
