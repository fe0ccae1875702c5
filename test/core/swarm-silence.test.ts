import { describe, expect, it } from 'vitest'
import { Stalled } from '../../src/core/exchange/errors.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import type { LaneId, PeerId } from '../../src/core/ids.ts'
import {
  holdUpMs,
  readAheadBlocks,
  readStepBlocks,
  silenceMs,
  silenceMsMax,
  stallTimeoutMs
} from '../../src/core/limits.ts'
import { SwarmLane } from '../../src/core/swarm/lane.ts'
import { contentOf } from '../support/swarm-content.ts'
import { expectAllBlocks, meet, range } from '../support/swarm-pair.ts'
import { type Node, World } from '../support/swarm-world.ts'

describe('swarm: a peer that falls silent', () => {
  it('[SW11] a peer that leaves, or breaks off, is taken over from by others', () => {
    for (const leave of [(node: Node) => node.crash(), (node: Node) => node.turn({ type: 'stop' })]) {
      const world = new World(contentOf(1500))
      const first = world.node('first', { has: 'everything', pace: 100 })
      world.node('second', { has: 'everything', pace: 100 })
      const taker = world.node('taker')
      meet(taker, 'first', 'second')
      world.until(() => taker.disk.size > 300)
      const startMs = world.nowMs
      leave(first)
      world.until(() => taker.isComplete)
      expectAllBlocks(taker, world)
      expect(world.nowMs - startMs).toBeLessThan(stallTimeoutMs)
    }
  })

  it('[SW11] a peer that falls silent is left alone and its blocks are asked of others', () => {
    const world = new World(contentOf(400))
    world.node('mute', { has: 'everything', sends: (frame) => (frame.type === 'blocks' ? undefined : frame) })
    world.node('holder', { has: 'everything', pace: 20 })
    const taker = world.node('taker')
    meet(taker, 'mute', 'holder')
    world.until(() => taker.codes().length > 0)
    expect(taker.codes()).toEqual(['stalled'])
    expect(world.nowMs).toBeGreaterThanOrEqual(stallTimeoutMs)
    expect(world.nowMs).toBeLessThan(stallTimeoutMs + 1_000)
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
  })

  it('[SW11] several that fall silent are not waited for as long where nothing else is left to ask', () => {
    const world = new World(contentOf(250, { blockBytes: 64 * 1024 }))
    const sends = (frame: KnownFrame) => (frame.type === 'blocks' ? undefined : frame)
    for (const name of ['one', 'two', 'three']) world.node(name, { has: 'everything', sends })
    world.node('holder', { has: 'everything', pace: 20_000 })
    const taker = world.node('taker')
    meet(taker, 'one', 'two', 'three', 'holder')
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
    expect(taker.codes()).toContain('stalled')
    expect(world.nowMs).toBeLessThan(silenceMs + holdUpMs + 1_000)
  })

  it.each([
    { silent: 'blocks', isReluctant: false },
    { silent: 'hashes', isReluctant: false },
    { silent: 'hashes', isReluctant: true }
  ])('[SW14] a reader does not wait for $silent longer than for its silence', ({ silent, isReluctant }) => {
    const world = new World(contentOf(6000, { blockBytes: 16 * 1024 }))
    let isMute = false
    const sends = (frame: KnownFrame) => (isMute && [silent, 'blocks'].includes(frame.type) ? undefined : frame)
    world.node('mute', { has: 'everything', sends, pace: 2_000 })
    world.node('holder', { has: 'everything', pace: 2_000 })
    const taker = world.node('taker', { isReluctant })
    meet(taker, 'mute', 'holder')
    world.until(() => taker.swarm.sessions().length === 2)
    world.pass(500)
    isMute = true
    const startMs = world.nowMs
    for (let at = 5000; at < 5064; at += readStepBlocks) {
      taker.turn({ type: 'reader', readerId: 1, ranges: [range(at, readStepBlocks + readAheadBlocks)] })
      world.until(() => Array.from({ length: readStepBlocks }, (_, i) => at + i).every((i) => taker.disk.has(i)))
    }
    expect(world.nowMs - startMs).toBeLessThan(silenceMs + 1_000)
    expect(taker.codes()).toEqual([])
  })

  it('[SW14] hashes are asked of another, and those that come late are no fault', () => {
    const world = new World(contentOf(250, { blockBytes: 16 * 1024 }))
    const slow = world.node('slow', { has: 'everything', pace: 1 })
    const taker = world.node('taker')
    meet(taker, 'slow')
    world.until(() => slow.received('want-hashes').length > 0)
    world.node('holder', { has: 'everything', pace: 4_000 })
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    expect(world.nowMs).toBeLessThan(silenceMs + 2_000)
    world.until(() => taker.received('hashes').length === 2)
    world.pass(1_000)
    expect(taker.did('store-hashes')).toHaveLength(1)
    expect(taker.codes()).toEqual([])
    expectAllBlocks(taker, world)
  })
})

describe('swarm: a lane that owes something', () => {
  const lane = (): SwarmLane => {
    const info = {
      laneId: 1 as LaneId,
      peerId: 'p' as PeerId,
      localPeerId: 'q' as PeerId,
      direction: 'inbound'
    } as const
    const made = new SwarmLane(info, 0)
    made.inFlight.add(7)
    return made
  }

  it('[SW14] is silent after four seconds, or twice as long as it took before, but no later than after eight', () => {
    const [quick, slow, slower] = [lane(), lane(), lane()]
    quick.progressed(500)
    slow.progressed(3_000)
    slower.progressed(9_000)
    expect([quick.silentAtMs, slow.silentAtMs, slower.silentAtMs]).toEqual([4_500, 9_000, 17_000])
  })

  it('[SW14] is silent, whatever comes, when it has kept what was called off for eight', () => {
    const keeping = lane()
    keeping.cancelled.set(7, 1_000)
    keeping.progressed(8_999)
    expect(keeping.isSilent(8_999)).toBe(false)
    expect(keeping.isSilent(9_000)).toBe(true)
    keeping.answered([7])
    expect(keeping.isSilent(9_000)).toBe(false)
  })
})

describe('swarm: a peer that brings a little now and then', () => {
  /** Gives what it is asked at first, and from then on a block every few seconds, and nothing back. */
  function withTrickler(blockCount: number, isReluctant = false) {
    const world = new World(contentOf(blockCount, { blockBytes: 16 * 1024 }))
    let [isTrickling, nextMs] = [false, 0]
    const drip = (block: KnownFrame): void => {
      nextMs = Math.max(nextMs, world.nowMs) + 3_500
      world.after(nextMs - world.nowMs, () => {
        const lane = trickler.swarm.sessions()[0]
        if (lane) trickler.say(lane.laneId, block)
      })
    }
    const sends = (frame: KnownFrame): KnownFrame | undefined => {
      if (!isTrickling || !['refuse', 'blocks'].includes(frame.type)) return frame
      if (frame.type === 'blocks')
        frame.blocks.forEach((block, i) => drip({ ...frame, start: frame.start + i, blocks: [block] }))
      return undefined
    }
    const trickler = world.node('trickler', { has: 'everything', sends, pace: 4_000 })
    world.node('holder', { has: 'everything', pace: 1_000 })
    const taker = world.node('taker', { isReluctant })
    meet(taker, 'trickler', 'holder')
    return { world, taker, trickle: () => (isTrickling = true) }
  }

  it('[SW11] [SW14] what it keeps at the end is not waited for until it has brought all of it', () => {
    const { world, taker, trickle } = withTrickler(1200)
    world.until(() => taker.disk.size > 400)
    trickle()
    const inFlight = () => taker.swarm.sessions().find(({ peerId }) => peerId === 'holder')?.inFlightBlocks
    world.until(() => taker.disk.size > 1100 && inFlight() === 0)
    const startMs = world.nowMs
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
    expect(world.nowMs - startMs).toBeLessThan(silenceMsMax + holdUpMs + 1_000)
    expect(taker.codes()).toEqual(['stalled'])
  })

  it.each([false, true])('[SW14] a reader does not wait for all that it keeps, isReluctant: %s', (isReluctant) => {
    const { world, taker, trickle } = withTrickler(6000, isReluctant)
    let startMs = 0
    for (let at = 0; at < 600; at += readStepBlocks) {
      if (at === 400) {
        trickle()
        startMs = world.nowMs
      }
      taker.turn({ type: 'reader', readerId: 1, ranges: [range(at, readStepBlocks + readAheadBlocks)] })
      world.until(() => Array.from({ length: readStepBlocks }, (_, i) => at + i).every((i) => taker.disk.has(i)))
    }
    expect(world.nowMs - startMs).toBeLessThan(silenceMsMax + 6_000)
  })
})

describe('swarm: a machine that slept', () => {
  it('[SW11] gives up at once what stood still, blames nobody, and dials', () => {
    const world = new World(contentOf(1500))
    const holder = world.node('holder', { has: 'everything', pace: 100 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.disk.size > 300)
    holder.turn({ type: 'lane-broken', laneId: holder.swarm.sessions()[0]!.laneId, error: new Stalled() })
    world.nowMs += stallTimeoutMs + 2_000 // and only now it hears the last of what it was sent
    const startMs = world.nowMs
    world.until(() => taker.did('connect').length === 2)
    expect(world.nowMs).toBe(startMs)
    expect(taker.did('close-lane')).toMatchObject([{ lost: true }])
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
    expect(taker.codes()).toEqual([])
  })

  it('[SW11] closes each lane of a session once', () => {
    const world = new World(contentOf(600, { blockBytes: 64 * 1024 }), { latencyMs: 50 })
    world.node('holder', { has: 'everything', pace: 256 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.swarm.sessions()[0]?.laneCount === 4)
    const before = taker.did('close-lane').length
    world.nowMs += stallTimeoutMs + 2_000
    world.until(() => taker.did('connect').length === 2)
    const closed = taker.did('close-lane').slice(before)
    expect(closed).toHaveLength(4)
    expect(new Set(closed.map(({ laneId }) => laneId)).size).toBe(4)
    world.until(() => taker.isComplete)
  })

  it('[SW11] [SW14] gives those time that hold up the end when it wakes', () => {
    const world = new World(contentOf(250, { blockBytes: 64 * 1024 }))
    const sends = (frame: KnownFrame) => (isMute && frame.type === 'blocks' ? undefined : frame)
    let isMute = false
    for (const name of ['one', 'two', 'three']) world.node(name, { has: 'everything', pace: 1_000, sends })
    world.node('holder', { has: 'everything', pace: 20_000 })
    const taker = world.node('taker')
    meet(taker, 'one', 'two', 'three', 'holder')
    world.until(() => taker.disk.size > 100)
    isMute = true
    world.until(() =>
      taker.swarm.sessions().every(({ peerId, inFlightBlocks }) => peerId !== 'holder' || inFlightBlocks === 0)
    )
    world.nowMs += stallTimeoutMs - 3_000
    const startMs = world.nowMs
    world.until(() => taker.codes().length > 0)
    expect(world.nowMs - startMs).toBeGreaterThan(2_000)
  })

  it('[SW11] goes on over a lane that stood still for less', () => {
    const world = new World(contentOf(1500))
    world.node('holder', { has: 'everything', pace: 100 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.disk.size > 300)
    world.nowMs += stallTimeoutMs - 1_000
    world.until(() => taker.isComplete)
    expect(taker.did('connect')).toHaveLength(1)
  })
})
