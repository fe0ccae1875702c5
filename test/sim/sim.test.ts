import { describe, expect, it } from 'vitest'
import { type CrowdResult, runCrowd } from './crowd.ts'
import { runFaults } from './faults.ts'
import { replayLine } from './replay.ts'

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
