import { describe, expect, it } from 'vitest'
import { honest } from './characters.ts'
import { type CrowdResult, homeLine, runCrowd } from './crowd.ts'
import { runFaults } from './faults.ts'
import { Broken, checkClaim, checkDuplicates, checkLane, checkStored } from './invariants.ts'
import { replayLine } from './replay.ts'
import { Tokens } from './tokens.ts'
import type { LaneEnd } from './wire.ts'
import { type Incident, World } from './world.ts'

const MiB = 1024 * 1024

/** What went wrong in all worlds so far, each counted. */
const seen = new Map<Incident, number>()

/** Runs a world of a seed; a failure says how to see it again. */
function runSeed(seed: number): void {
  try {
    for (const [incident, count] of runFaults(seed).world.seen) seen.set(incident, (seen.get(incident) ?? 0) + count)
  } catch (error) {
    throw new Error(`${(error as Error).message}\nagain: ${replayLine(seed)}`, { cause: error })
  }
}

describe('simulation: whatever goes wrong', () => {
  const fixed = Array.from({ length: 40 }, (_, i) => i + 1)

  it.each(fixed)('[SW5] [SW6] [SW11] [SW14] seed %i: what must hold holds, and everybody has everything', runSeed)

  it('all that is to go wrong did, many times', () => {
    const least: Record<Incident, number> = {
      'left': 10,
      'crashed': 10,
      'returned with its disk': 10,
      'disk full': 10,
      'no way to connect': 100,
      'message lost': 10,
      'relays died': 3,
      'lane broken by a partition': 100,
      'lane across a healed partition': 100,
      'liar dropped': 20,
      'silent peer dropped': 20
    }
    for (const [incident, count] of Object.entries(least))
      expect(seen.get(incident as Incident) ?? 0, incident).toBeGreaterThanOrEqual(count)
  })

  it('fresh seeds, another set each day', () => {
    const first = Math.floor(Date.now() / 86_400_000) * 100
    const untilMs = performance.now() + 10_000
    for (let seed = first; seed < first + 60 && performance.now() < untilMs; seed++) runSeed(seed)
  })
})

describe('simulation: what must hold is looked at', () => {
  const peerOf = (count: number) => {
    const world = new World(1, new Tokens(count, 64 * 1024))
    return world.join('peer', { line: homeLine, character: honest })
  }

  it('a block that is another, a claim of what is not held, too many copies, too much in a queue', () => {
    const peer = peerOf(64)
    expect(() => checkStored(peer, 3, peer.world.tokens.junk)).toThrow(Broken)
    expect(() => checkClaim(peer, { type: 'have', ranges: [{ start: 3, count: 1 }] })).toThrow(Broken)
    expect(() => checkClaim(peer, { type: 'blocks', start: 3, blocks: [peer.world.tokens.blocks[3]!] })).toThrow(Broken)
    expect(() => checkClaim(peer, { type: 'state', serving: true, complete: true, ranges: [] })).toThrow(Broken)
    peer.duplicateBlocks = 5
    expect(() => checkDuplicates(peer)).toThrow(Broken)
    const end = { queuedBytes: 64 * MiB } as LaneEnd
    expect(() => checkLane(peer, end)).toThrow(Broken)
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

  it.each([1, 2, 3])('[SW15] 8 peers cost their first holder little more than one upload, seed %i', (seed) => {
    const result = runCrowd({ seed, peers: 8, bytes: 64 * MiB })
    expect(result.seederCopies).toBeLessThan(1.05)
    expect(result.duplicates).toBeLessThan(0.01)
    expect(ratio(result)).toBeLessThan(1.15)
  })

  it('[SW15] so do 60', () => {
    expect(runCrowd({ seed: 6, peers: 60, bytes: 16 * MiB }).seederCopies).toBeLessThan(1.2)
  })

  it.each([2, 3])('[SW15] so do 8 that come one after the other while others fetch, seed %i', (seed) => {
    const result = runCrowd({ seed, peers: 8, bytes: 32 * MiB, withinMs: 15_000 })
    expect(result.seederCopies).toBeLessThan(1.25)
  })

  // Tabs of one machine, which is as busy with what they give each other as with what the first holder gives.
  const tabs = { line: { up: 40_000, down: 80_000, latencyMs: 1, jitterMs: 1 }, machineBytesPerMs: 20_000 }

  it.each([1, 2, 3])('[SW15] so do 8 tabs of one machine that come and meet within seconds, seed %i', (seed) => {
    const late = runCrowd({ seed, peers: 8, bytes: 48 * MiB, withinMs: 5_000, meetMs: 5_000, ...tabs })
    expect(late.seederCopies).toBeLessThan(1.25)
    const together = runCrowd({ seed, peers: 8, bytes: 48 * MiB, ...tabs })
    expect(together.seederCopies).toBeLessThan(1.1)
    expect(late.lastMs).toBeLessThan(1.25 * together.lastMs)
  })

  it.each([1, 2])(
    '[SW15] a first holder many times as fast as they are does not rest while they wait, seed %i',
    (seed) => {
      const result = runCrowd({ seed, peers: 8, bytes: 64 * MiB, seederLine: { up: 80_000 } })
      expect(ratio(result)).toBeLessThan(1.7)
      expect(result.seederCopies).toBeGreaterThan(3)
    }
  )

  it('[SW14] [SW15] a first holder twice as fast as they are costs them little by resting', () => {
    const result = runCrowd({ seed: 2, peers: 20, bytes: 32 * MiB, seederLine: { up: 5000 } })
    expect(result.seederCopies).toBeLessThan(1.3)
    expect(ratio(result)).toBeLessThan(1.35)
  })

  it('[SW9] peers alike are done within a fifth of each other, and have few neighbours', () => {
    const result = runCrowd({ seed: 4, peers: 100, bytes: 32 * MiB })
    expect(result.poorest).toBeGreaterThan(0.8)
    expect(result.richest).toBeLessThan(1.2)
    expect(result.lastMs - result.firstMs).toBeLessThan(0.2 * result.lastMs)
    expect(result.neighbours).toBeLessThan(24)
    expect(result.duplicates).toBeLessThan(0.01)
    expect(result.controlShare).toBeLessThan(0.03)
  })

  it.each([
    [8, 4],
    [30, 1],
    [30, 8],
    [100, 4],
    [100, 8]
  ])('[SW14] %i peers alike get less than one block in a hundred twice, also of %i MiB', (peers, mebibytes) => {
    expect(runCrowd({ seed: 1, peers, bytes: mebibytes * MiB }).duplicates).toBeLessThan(0.01)
  })

  /** What the slowest and the quickest of equal peers took for so many data sets, as shares of the one in the middle. */
  function extremes(peers: number, bytes: number, dataSets: number): [slowest: number, quickest: number] {
    const runs = Array.from({ length: dataSets }, (_, i) => runCrowd({ seed: 100 + i, peers, bytes }))
    const took = Array.from({ length: peers }, (_, i) => runs.reduce((sum, { tookMs }) => sum + tookMs[i]!, 0))
    took.sort((a, b) => a - b)
    const middle = took[peers >> 1]!
    return [took.at(-1)! / middle, took[0]! / middle]
  }

  it.each([8, 30])('[SW9] of %i peers alike none takes a fifth longer or less for a data set of 8 MiB', (peers) => {
    const [slowest, quickest] = extremes(peers, 8 * MiB, 1)
    expect(slowest).toBeLessThan(1.2)
    expect(quickest).toBeGreaterThan(0.8)
  })

  it.each([
    [8, 256],
    [8, 1024],
    [30, 256],
    [30, 1024]
  ])(
    '[SW9] of %i peers alike none takes a fifth longer or less for sixteen data sets of %i KiB',
    (peers, kibibytes) => {
      const [slowest, quickest] = extremes(peers, kibibytes * 1024, 16)
      expect(slowest).toBeLessThan(1.2)
      expect(quickest).toBeGreaterThan(0.8)
    }
  )

  it('[SW18] a seeder that limits its upload keeps to it, and the crowd makes up for it', () => {
    const limit = 500_000
    const result = runCrowd({ seed: 7, peers: 12, bytes: 16 * MiB, seederUploadBytesPerSecond: limit })
    expect(result.seederCopies * 16 * MiB).toBeLessThan(1.03 * limit * (result.lastMs / 1000))
    expect(result.seederCopies).toBeLessThan(1.5)
    expect(ratio(result)).toBeLessThan(1.5)
  })

  it('the same seed gives the same run', () => {
    const once = runCrowd({ seed: 5, peers: 10, bytes: 8 * MiB })
    const again = runCrowd({ seed: 5, peers: 10, bytes: 8 * MiB })
    expect({ ...again, cpuSeconds: 0 }).toEqual({ ...once, cpuSeconds: 0 })
  })
})
