import { describe, expect, it } from 'vitest'
import { Stalled } from '../../src/core/exchange/errors.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import { holdUpMs, readAheadBlocks, readStepBlocks, silenceMs, stallTimeoutMs } from '../../src/core/limits.ts'
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
