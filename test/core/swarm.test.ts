import { describe, expect, it } from 'vitest'
import { segmentBlocks, unstoredBytesMax, windowBytesMax } from '../../src/core/limits.ts'
import { contentOf } from '../support/swarm-content.ts'
import { expectAllBlocks, meet } from '../support/swarm-pair.ts'
import { type Node, World } from '../support/swarm-world.ts'

const swarmKey = new Uint8Array(32).fill(7)

const askedBlocks = (node: Node) =>
  node
    .sent('want')
    .flatMap(({ ranges }) => ranges.flatMap(({ start, count }) => Array.from({ length: count }, (_, i) => start + i)))

describe('swarm: fetching', () => {
  it.each([1, 3, 511, 512, 513, 2000])(
    '[SW1] [SW5] a data set of %i blocks arrives whole, by its address alone',
    (count) => {
      const world = new World(contentOf(count))
      world.node('holder', { has: 'everything', swarmKey })
      const taker = world.node('taker', { swarmKey })
      meet(taker, 'holder')
      world.until(() => taker.isComplete)
      expectAllBlocks(taker, world)
      expect(taker.did('manifest')).toMatchObject([{ bytes: world.content.manifest, manifest: { blockCount: count } }])
      expect(askedBlocks(taker).length).toBe(count)
      expect(taker.groups.size).toBe(Math.ceil(count / 512))
    }
  )

  it('[EX12] blocks of the largest size and of the usual size arrive', () => {
    for (const blockBytes of [64 * 1024, 512 * 1024]) {
      const world = new World(contentOf(7, { blockBytes }))
      world.node('holder', { has: 'everything' })
      const taker = world.node('taker')
      meet(taker, 'holder')
      world.until(() => taker.isComplete)
      expectAllBlocks(taker, world)
    }
  })

  it('[SW3] resumes with what it holds and asks for nothing else', () => {
    const world = new World(contentOf(600))
    world.node('holder', { has: 'everything' })
    const has = Array.from({ length: 600 }, (_, i) => i).filter((i) => i % 7 !== 0)
    const taker = world.node('taker', { has })
    world.content.groups.forEach((group, i) => {
      taker.turn({ type: 'group-known', group: i as never, leaves: group.leaves })
    })
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
    expect(askedBlocks(taker).every((index) => index % 7 === 0)).toBe(true)
    expect(taker.sent('want-hashes')).toHaveLength(0)
  })

  it('[SW3] [SW4] shares the work among peers and asks for no block twice', () => {
    const world = new World(contentOf(2000))
    for (const name of ['h1', 'h2', 'h3']) world.node(name, { has: 'everything', pace: 200 })
    const taker = world.node('taker')
    meet(taker, 'h1', 'h2', 'h3')
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
    expect(askedBlocks(taker).length).toBe(2000)
    for (const view of taker.swarm.sessions()) expect(view.receivedBytes).toBeGreaterThan(300 * 1024)
  })

  it('[SW3] fills segments one after the other', () => {
    const world = new World(contentOf(1000), { latencyMs: 20 })
    world.node('holder', { has: 'everything', pace: 100 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    let partialMax = 0
    world.until(() => {
      const perSegment = new Map<number, number>()
      for (const index of taker.disk.keys()) {
        const segment = Math.floor(index / segmentBlocks)
        perSegment.set(segment, (perSegment.get(segment) ?? 0) + 1)
      }
      const partial = [...perSegment].filter(
        ([segment, held]) => held < Math.min(segmentBlocks, 1000 - segment * segmentBlocks)
      )
      partialMax = Math.max(partialMax, partial.length)
      return taker.isComplete
    })
    expect(partialMax).toBe(1)
  })

  it('[SW2] asks for hashes before they are needed, and never for blocks it could not check', () => {
    const world = new World(contentOf(2000), { latencyMs: 20 })
    world.node('holder', { has: 'everything', pace: 100 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    let idle = 0
    world.until(() => {
      const [session] = taker.swarm.sessions()
      if (taker.groups.size > 0 && taker.disk.size < 1900 && session?.inFlightBlocks === 0) idle++
      return taker.isComplete
    })
    expect(idle).toBe(0)
    const known = new Set<number>()
    for (const effect of taker.effects) {
      if (effect.type === 'store-hashes') known.add(effect.group)
      if (effect.type !== 'send' || effect.frame.type !== 'want') continue
      for (const { start } of effect.frame.ranges) expect(known).toContain(Math.floor(start / 512))
    }
    expect(taker.sent('want-hashes').map(({ group }) => group)).toEqual([0, 1, 2, 3])
  })

  it('[SW4] what is in flight and what is not durable yet are bounded', () => {
    const world = new World(contentOf(80, { blockBytes: 512 * 1024 }), { latencyMs: 50 })
    world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isNarrow: true, storeMs: 100_000 })
    meet(taker, 'holder')
    let inFlightMax = 0
    for (let i = 0; i < 100; i++) {
      world.pass(20)
      inFlightMax = Math.max(inFlightMax, ...taker.swarm.sessions().map((view) => view.inFlightBlocks))
    }
    expect(inFlightMax * 512 * 1024).toBeLessThanOrEqual(windowBytesMax)
    const unstoredBytes = taker.did('store').length * 512 * 1024
    expect(unstoredBytes).toBeLessThanOrEqual(unstoredBytesMax)
    expect(unstoredBytes).toBeGreaterThan(unstoredBytesMax - windowBytesMax)
  })

  it('[SW6] a store that fails is not asked to take more until there is room', () => {
    const world = new World(contentOf(300))
    world.node('holder', { has: 'everything' })
    let isFull = false
    const taker = world.node('taker', { storeFails: () => isFull })
    meet(taker, 'holder')
    world.until(() => taker.disk.size > 20)
    isFull = true
    world.pass(5_000)
    const asked = askedBlocks(taker).length
    world.pass(60_000)
    expect(askedBlocks(taker).length).toBe(asked)
    isFull = false
    taker.turn({ type: 'admit' })
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
  })

  it('[SW1] peers that both know nothing but the address learn from a third', () => {
    const world = new World(contentOf(40))
    const [one, two] = [world.node('one'), world.node('two')]
    meet(one, 'two')
    world.pass(1_000)
    world.node('holder', { has: 'everything' })
    meet(two, 'holder')
    world.until(() => one.isComplete && two.isComplete)
    expectAllBlocks(one, world)
    expect(one.did('manifest')).toHaveLength(1)
    expect(one.received('state').some(({ manifest }) => manifest !== undefined)).toBe(true)
  })

  it('[SW10] waits for a holder, and begins when one is announced', () => {
    const world = new World(contentOf(20))
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.pass(300_000)
    expect(taker.did('connect').length).toBeGreaterThan(6)
    expect(taker.did('connect').length).toBeLessThan(15)
    world.node('holder', { has: 'everything' })
    const startMs = world.nowMs
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    expect(world.nowMs - startMs).toBeLessThan(2_000)
  })
})

describe('swarm: readers', () => {
  it('[SW3] before it is admitted nothing but what readers wish for is fetched', () => {
    const world = new World(contentOf(1200))
    world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, 'holder')
    world.pass(1_000)
    expect(taker.swarm.manifest).toBeDefined()
    expect(taker.disk.size).toBe(0)
    taker.turn({ type: 'reader', readerId: 1, ranges: [{ start: 700, count: 5 }] })
    world.pass(1_000)
    expect([...taker.disk.keys()].sort()).toEqual([700, 701, 702, 703, 704])
    taker.turn({ type: 'admit' })
    world.until(() => taker.isComplete)
    expectAllBlocks(taker, world)
  })

  it('[SW3] wishes come in the order given', () => {
    const world = new World(contentOf(900))
    world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, 'holder')
    world.pass(100)
    taker.turn({
      type: 'reader',
      readerId: 1,
      ranges: [
        { start: 800, count: 30 },
        { start: 10, count: 30 }
      ]
    })
    world.pass(1_000)
    const order = [...taker.disk.keys()]
    expect(order.slice(0, 30).every((index) => index >= 800)).toBe(true)
    expect(order.slice(30).every((index) => index < 40)).toBe(true)
  })

  it('[SW8] [EX12] a jump takes back what was asked before, and comes at once', () => {
    const world = new World(contentOf(4000), { latencyMs: 10 })
    const holder = world.node('holder', { has: 'everything', pace: 20 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.disk.size > 520)
    const startMs = world.nowMs
    taker.turn({ type: 'reader', readerId: 1, ranges: [{ start: 3000, count: 8 }] })
    world.until(() => Array.from({ length: 8 }, (_, i) => i).every((i) => taker.disk.has(3000 + i)))
    // 256 blocks in flight at 20 KB/s would take over 13 s; hashes of the new group take one.
    expect(world.nowMs - startMs).toBeLessThan(3_000)
    expect(holder.sent('refuse').map(({ code }) => code)).toContain('cancelled')
    world.until(() => taker.isComplete, 600_000)
    expectAllBlocks(taker, world)
    expect(taker.codes()).toEqual([])
  })

  it('[SW8] hashes of what a reader waits for come before all else', () => {
    const world = new World(contentOf(4000), { latencyMs: 10 })
    const holder = world.node('holder', { has: 'everything', pace: 20 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.disk.size > 520)
    const [wantsBefore, hashesBefore] = [taker.sent('want').length, holder.sent('hashes').length]
    taker.turn({ type: 'reader', readerId: 1, ranges: [{ start: 3000, count: 8 }] })
    world.until(() => holder.sent('hashes').length > hashesBefore)
    world.pass(1)
    expect(taker.sent('want').length).toBe(wantsBefore)
    world.until(() => taker.sent('want').length > wantsBefore)
    expect(taker.sent('want')[wantsBefore]!.ranges[0]).toEqual({ start: 3000, count: 8 })
    world.until(() => taker.isComplete, 600_000)
    expectAllBlocks(taker, world)
  })

  it('[SW8] before it is admitted, a wish that is withdrawn is taken back', () => {
    const world = new World(contentOf(400), { latencyMs: 10 })
    world.node('holder', { has: 'everything', pace: 5 })
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, 'holder')
    world.pass(5_000)
    taker.turn({ type: 'reader', readerId: 1, ranges: [{ start: 0, count: 200 }] })
    world.pass(8_000)
    taker.turn({ type: 'reader', readerId: 1, ranges: [] })
    world.pass(5_000)
    const held = taker.disk.size
    expect(held).toBeGreaterThan(0)
    expect(held).toBeLessThan(100)
    world.pass(60_000)
    expect(taker.disk.size).toBe(held)
  })
})
