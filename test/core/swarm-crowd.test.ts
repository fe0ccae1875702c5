// Long: all of these are crowds of the same few kinds.
import { describe, expect, it } from 'vitest'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import type { PeerId } from '../../src/core/ids.ts'
import {
  blocksPerSecond,
  messageBlocks,
  passOnMs,
  peersTellMs,
  peersToldMax,
  queuedBlocksMax,
  silenceMs,
  silentBlocks,
  suggestedBlocksMax
} from '../../src/core/limits.ts'
import { contentOf } from '../support/swarm-content.ts'
import { meet, pair, range } from '../support/swarm-pair.ts'
import { type Node, World } from '../support/swarm-world.ts'

const span = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i)
const receivedBytes = (node: Node, from: string) =>
  node.got.reduce(
    (sum, got) => sum + (got.from === from && got.frame.type === 'blocks' ? got.frame.blocks.length : 0),
    0
  )
/** Blocks that came a second time. */
const cameTwice = (node: Node) =>
  node
    .received('blocks')
    .flatMap(({ start, blocks }) => span(start, blocks.length))
    .filter((index, i, came) => came.indexOf(index) < i)
const suggestedTo = (node: Node) =>
  node.received('suggest').flatMap(({ ranges }) => ranges.flatMap(({ start, count }) => span(start, count)))

describe('swarm: what is rare', () => {
  it('[SW3] is asked for first, of the one who has it', () => {
    const world = new World(contentOf(1024))
    // The choice is the taker's alone, and those who have a part are not asked for it.
    const sends = (frame: KnownFrame) => (frame.type === 'suggest' ? undefined : frame)
    world.node('holder', { has: 'everything', pace: 100, sends })
    for (const name of ['b', 'c', 'd']) world.node(name, { has: span(0, 512), serving: false, isReluctant: true })
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, 'b', 'c', 'd', 'holder')
    world.pass(200)
    taker.turn({ type: 'admit' })
    world.until(() => taker.disk.size > 600)
    // The first window is asked for when the hashes of the rare half are still to come.
    const later = [...taker.disk.keys()].slice(270)
    const rare = later.filter((index) => index >= 512)
    expect(rare.length).toBeGreaterThan(0.9 * later.length)
  })

  it('[SW3] among equals, segments begun are filled before others are begun', () => {
    const world = new World(contentOf(2048))
    for (const name of ['h1', 'h2', 'h3', 'h4']) world.node(name, { has: 'everything', pace: 50 })
    const taker = world.node('taker')
    meet(taker, 'h1', 'h2', 'h3', 'h4')
    let partialMax = 0
    world.until(() => {
      const held = new Map<number, number>()
      for (const index of taker.disk.keys()) held.set(index >> 6, (held.get(index >> 6) ?? 0) + 1)
      partialMax = Math.max(partialMax, [...held.values()].filter((count) => count < 64).length)
      return taker.isComplete
    })
    expect(partialMax).toBeLessThanOrEqual(4)
  })

  it.each(['a', 'b', 'c', 'd'])(
    '[SW3] of those begun the one nearest to whole is filled first, by taker %s',
    (name) => {
      const world = new World(contentOf(512))
      world.node('holder', { has: 'everything', pace: 50 })
      const taker = world.node(name, { isReluctant: true })
      meet(taker, 'holder')
      const read = [0, 130, 260, 390]
      taker.turn({ type: 'reader', readerId: 1, ranges: read.map((start) => ({ start, count: 1 })) })
      world.until(() => read.every((index) => taker.disk.has(index)))
      taker.turn({ type: 'admit' })
      let atRiskMost = 0
      world.until(() => {
        const counts = new Map<number, number>()
        for (const index of taker.disk.keys()) counts.set(index >> 6, (counts.get(index >> 6) ?? 0) + 1)
        const partial = [...counts.values()].filter((count) => count < 64)
        atRiskMost = Math.max(
          atRiskMost,
          partial.reduce((sum, count) => sum + count, 0)
        )
        return taker.isComplete
      })
      expect(atRiskMost).toBeLessThanOrEqual(64 + read.length)
    }
  )
})

describe('swarm: what is given back', () => {
  it('[SW11] is asked of another who holds a part and had nothing else to offer', () => {
    const world = new World(contentOf(100))
    const sends = (frame: KnownFrame) => (frame.type === 'blocks' ? undefined : frame)
    const mute = world.node('mute', { has: span(0, 64), sends })
    world.node('other', { has: span(0, 64) })
    const taker = world.node('taker')
    meet(taker, 'mute')
    world.until(() => mute.received('want').length > 0)
    meet(taker, 'other')
    world.pass(300)
    mute.crash()
    world.until(() => taker.disk.size === 64, 5_000)
  })
})

describe('swarm: what others wait for', () => {
  it('[SW17] is made durable soon, one flush at a time, and nothing is while nobody waits', () => {
    const world = new World(contentOf(200))
    world.node('holder', { has: 'everything', pace: 10 })
    const storeMs = 400
    const middle = world.node('middle', { storeMs })
    const watcher = world.node('watcher', { isReluctant: true })
    meet(middle, 'holder')
    world.until(() => middle.disk.size > 20)
    expect(middle.did('flush')).toHaveLength(0)
    world.connect(watcher, middle)
    const startMs = world.nowMs
    world.until(() => middle.did('flush').length > 0)
    expect(world.nowMs - startMs).toBeLessThan(3 * passOnMs)
    world.until(() => middle.isComplete)
    expect(middle.did('flush').length).toBeGreaterThan(3)
    expect(middle.did('flush').length).toBeLessThan((2 * (world.nowMs - startMs)) / storeMs)
  })
})

describe('swarm: the end of a fetch', () => {
  it('[SW14] is not held up by a slow peer, and hardly a block comes twice', () => {
    const world = new World(contentOf(1280))
    world.node('fast', { has: 'everything', pace: 100 })
    const slow = world.node('slow', { has: 'everything', pace: 2 })
    const taker = world.node('taker')
    meet(taker, 'fast', 'slow')
    world.until(() => taker.isComplete, 120_000)
    // The slow one was asked for 256 blocks at first, half a second each; the other needs 13 s for everything.
    expect(world.nowMs).toBeLessThan(20_000)
    expect(slow.received('cancel').length).toBeGreaterThan(0)
    expect(cameTwice(taker).length).toBeLessThanOrEqual(1280 / blocksPerSecond)
    expect(taker.codes()).toEqual([])
  })

  it('[SW14] a peer that falls silent costs no more than the bound, and not fifteen seconds', () => {
    const world = new World(contentOf(1280))
    let isMute = false
    world.node('mute', { has: 'everything', pace: 50, sends: (frame) => (isMute ? undefined : frame) })
    world.node('holder', { has: 'everything', pace: 100 })
    const taker = world.node('taker')
    meet(taker, 'mute', 'holder')
    world.until(() => taker.disk.size > 1250)
    isMute = true
    const startMs = world.nowMs
    world.until(() => taker.isComplete)
    expect(world.nowMs - startMs).toBeLessThan(5_000)
    expect(cameTwice(taker).length).toBeLessThanOrEqual(1280 / blocksPerSecond)
  })

  /** Takes from one that sends a message of blocks each two seconds, then from a quick one too; copies are here as well. */
  const afterSlow = (count: number) => {
    const blockBytes = 32 * 1024
    const world = new World(contentOf(count, { blockBytes }))
    const slow = world.node('slow', { has: 'everything', pace: (messageBlocks * blockBytes) / 2_000 })
    const taker = world.node('taker')
    meet(taker, 'slow')
    world.until(() => slow.did('send-blocks').length > 0)
    world.node('fast', { has: 'everything', pace: 100 * blockBytes })
    meet(taker, 'fast')
    world.until(() => taker.isComplete)
    world.pass(30_000)
    return { slow, taker }
  }

  it('[SW14] of few blocks none comes twice where one that is asked for them is slow and steady', () => {
    const { slow, taker } = afterSlow(blocksPerSecond - 1)
    expect(slow.received('cancel').length).toBeGreaterThan(0)
    expect(cameTwice(taker)).toEqual([])
  })

  it('[SW14] of few blocks those are asked for twice that a silent peer owes, soon', () => {
    const world = new World(contentOf(100))
    const sends = (frame: KnownFrame) => (frame.type === 'blocks' ? undefined : frame)
    const mute = world.node('mute', { has: span(0, messageBlocks), sends })
    const taker = world.node('taker')
    meet(taker, 'mute')
    world.until(() => mute.received('want').length > 0)
    const startMs = world.nowMs
    world.node('holder', { has: 'everything', pace: 100 })
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    expect(world.nowMs - startMs).toBeLessThan(silenceMs + 1_000)
  })

  // Of 258 blocks one alone is in the last round of the quick one, by which its pace is known.
  it.each([250, 258])(
    '[SW14] a peer that never answers holds up the end of %i blocks by its silence alone',
    (count) => {
      const world = new World(contentOf(count, { blockBytes: 64 * 1024 }))
      const sends = (frame: KnownFrame) => (frame.type === 'blocks' ? undefined : frame)
      const mute = world.node('mute', { has: 'everything', sends })
      world.node('holder', { has: 'everything', pace: 20_000 })
      const taker = world.node('taker')
      meet(taker, 'mute', 'holder')
      world.until(() => taker.isComplete)
      expect(mute.received('want').length).toBeGreaterThan(0)
      expect(world.nowMs).toBeLessThan(silenceMs + 1_000)
    }
  )

  it('[SW14] what is asked of two is what the slow one would bring last', () => {
    const { slow, taker } = afterSlow((silentBlocks + 1) * blocksPerSecond)
    const sent = slow.did('send-blocks').flatMap(({ start, count }) => span(start, count))
    expect(cameTwice(taker)).toHaveLength(1)
    expect(cameTwice(taker)).toEqual(sent.slice(-1))
  })

  it('[SW14] a lane that is late is asked for nothing more until it gave back or brought what it owes', () => {
    const world = new World(contentOf(1024, { blockBytes: 16 * 1024 }))
    world.node('slow', { has: 'everything', pace: 3 })
    world.node('fast', { has: span(0, 500), pace: 400 })
    world.node('other', { has: span(500, 524), pace: 400 })
    const taker = world.node('taker')
    meet(taker, 'slow', 'fast', 'other')
    const owed = () => taker.swarm.sessions().find(({ peerId }) => peerId === 'slow')?.inFlightBlocks ?? 0
    world.until(() => taker.sent('cancel').length > 0)
    const owedFirst = owed()
    let owedMost = 0
    world.until(() => {
      owedMost = Math.max(owedMost, owed())
      return taker.disk.size > 950
    })
    expect(owedMost).toBeLessThanOrEqual(owedFirst)
  })

  it('[SW14] the copy that comes second is thrown away, whoever sends it', () => {
    const world = new World(contentOf(messageBlocks))
    world.node('slow', { has: 'everything', pace: 0.4 })
    const taker = world.node('taker')
    meet(taker, 'slow')
    world.until(() => taker.received('hashes').length > 0)
    world.node('fast', { has: 'everything', pace: 100 })
    meet(taker, 'fast')
    world.until(() => taker.isComplete, 300_000)
    world.pass(20_000)
    expect(cameTwice(taker)).not.toEqual([])
    expect(taker.did('store')).toHaveLength(messageBlocks)
    expect(taker.codes()).toEqual([])
  })
})

describe('swarm: one holder and many that want the same', () => {
  const crowd = (count: number, takers: number, { holderPace = 400, pace = 400 } = {}) => {
    const world = new World(contentOf(count, { blockBytes: 16 * 1024 }), { latencyMs: 10 })
    const holder = world.node('holder', { has: 'everything', pace: holderPace })
    const nodes = span(0, takers).map((i) => world.node(`t${i}`, { pace }))
    for (const node of nodes)
      meet(node, 'holder', ...nodes.filter((other) => other !== node).map(({ peerId }) => peerId))
    return { world, holder, nodes }
  }

  it('[SW15] [EX16] each is suggested another part, and the holder sends little more than everything once', () => {
    const { world, holder, nodes } = crowd(800, 8)
    world.until(() => nodes.every((node) => node.isComplete), 600_000)
    const sent = nodes.reduce((sum, node) => sum + receivedBytes(node, 'holder'), 0)
    expect(sent).toBeLessThan(1.2 * 800)
    expect(nodes.flatMap((node) => node.codes()).concat(holder.codes())).toEqual([])
    const told = nodes.flatMap(suggestedTo)
    expect(told.length).toBeGreaterThan(400)
    expect(new Set(told).size).toBeGreaterThan(0.95 * told.length)
  })

  it('[SW15] one that comes when all was given out has most of it from the others', () => {
    const { world, nodes } = crowd(800, 4)
    world.until(() => new Set(nodes.flatMap(suggestedTo)).size === 800, 600_000)
    const late = world.node('late', { pace: 400 })
    meet(late, 'holder', ...nodes.map(({ peerId }) => peerId))
    world.until(() => late.isComplete, 600_000)
    expect(receivedBytes(late, 'holder')).toBeLessThan(0.1 * 800)
  })

  it('[SW15] a holder that is much faster than they are does not rest while they wait for each other', () => {
    const { world, nodes } = crowd(800, 4, { holderPace: 8_000, pace: 100 })
    world.until(() => nodes.every((node) => node.isComplete), 600_000)
    const sent = nodes.reduce((sum, node) => sum + receivedBytes(node, 'holder'), 0)
    expect(sent).toBeGreaterThan(2 * 800)
  })

  it('[SW15] what was suggested to one that leaves is suggested to others', () => {
    const { world, nodes } = crowd(600, 3)
    world.until(() => suggestedTo(nodes[0]!).length > 0 && nodes[0]!.disk.size > 5)
    const suggested = suggestedTo(nodes[0]!)
    const missing = suggested.filter((index) => !nodes[0]!.disk.has(index))
    expect(missing.length).toBeGreaterThan(0)
    nodes[0]!.crash()
    const rest = nodes.slice(1)
    world.until(() => rest.every((node) => node.isComplete), 600_000)
    const again = rest.flatMap(suggestedTo)
    expect(missing.filter((index) => again.includes(index)).length).toBeGreaterThan(missing.length / 2)
  })

  /** One that asked for everything, over and over, and is sent nothing. */
  const withGreedy = () => {
    const world = new World(contentOf(600))
    // The machine of the greedy one knows nothing of what is said in its name.
    const sends = (frame: KnownFrame) => (frame.type === 'refuse' ? undefined : frame)
    const holder = world.node('holder', { has: 'everything', pace: 400, sends })
    const greedy = world.node('greedy', { isReluctant: true })
    const [greedyLane, holderLane] = world.connect(greedy, holder)
    world.pass(100)
    holder.turn({ type: 'lane-blocked', laneId: holderLane })
    greedy.say(greedyLane, { type: 'want', ranges: span(0, 1000).map(() => range(0, 600)) })
    world.pass(100)
    return { world, holder, greedy }
  }
  const isBefore = (index: number) => index < queuedBlocksMax

  it('[SW15] what one asks for beyond what it is to be sent is suggested to others all the same', () => {
    const { world, holder } = withGreedy()
    const others = ['one', 'other'].map((name) => world.node(name, { isReluctant: true }))
    for (const other of others) world.connect(other, holder)
    world.pass(100)
    const told = others.flatMap(suggestedTo)
    expect(told.length).toBeGreaterThan(suggestedBlocksMax)
    expect(told.filter(isBefore)).toEqual([])
  })

  it('[SW15] what one asked for is suggested to others when it left', () => {
    const { world, greedy } = withGreedy()
    greedy.crash()
    world.pass(100)
    const others = ['one', 'other'].map((name) => world.node(name, { pace: 400 }))
    for (const other of others) meet(other, 'holder', 'one', 'other')
    world.until(() => others.every((node) => node.isComplete))
    expect(new Set(others.flatMap(suggestedTo).filter(isBefore)).size).toBeGreaterThan(queuedBlocksMax / 2)
  })

  it('[SW15] one alone is suggested nothing, and a holder that falls silent about it is asked for anything', () => {
    const { world, taker, holder, holderLane } = pair(400)
    expect(taker.received('suggest')).toEqual([])
    holder.say(holderLane, { type: 'suggest', ranges: [range(300, 20)] })
    world.pass(50)
    taker.turn({ type: 'admit' })
    world.pass(1_000)
    expect([...taker.disk.keys()].every((index) => index >= 300 && index < 320)).toBe(true)
    world.until(() => taker.isComplete)
  })

  it('[EX16] more than may be suggested, or what is past the end, ends the session', () => {
    for (const [ranges, code] of [
      [[range(0, suggestedBlocksMax + 1)], 'bad-frame'],
      [[range(99, 2)], 'beyond-end']
    ] as const) {
      const { world, taker, holder, holderLane } = pair(100)
      holder.say(holderLane, { type: 'suggest', ranges })
      world.pass(100)
      expect(taker.codes()).toEqual([code])
    }
  })
})

describe('swarm: peers tell of peers', () => {
  const record = (name: string) => ({ peerId: name as PeerId, record: Uint8Array.of(name.length) })

  it('[SW16] [EX15] a node hears of others by those that it is connected to, and goes on without any tracker', () => {
    const world = new World(contentOf(60))
    world.node('holder', { has: 'everything' })
    const middle = world.node('middle', { isReluctant: true })
    const taker = world.node('taker')
    middle.turn({ type: 'self', self: record('middle') })
    meet(middle, 'holder')
    world.pass(200)
    meet(taker, 'middle')
    world.until(() => taker.isComplete)
    expect(taker.did('connect').map(({ peerId }) => peerId)).toEqual(['middle', 'holder'])
    expect(taker.received('peers')[0]!.peers.map(({ peerId }) => peerId)).toContain('middle')
  })

  it('[SW16] tells few at a time, not often, and nothing to one that has everything', () => {
    const world = new World(contentOf(60))
    const middle = world.node('middle', { has: span(0, 30), isReluctant: true })
    const names = span(0, 20).map((i) => `p${i}`)
    for (const name of names) world.node(name, { isReluctant: true })
    meet(middle, ...names)
    world.node('full', { has: 'everything' })
    meet(middle, 'full')
    world.pass(4 * peersTellMs)
    const told = middle.sent('peers')
    expect(told.every(({ peers }) => peers.length <= peersToldMax)).toBe(true)
    const toldBy = world.nodes
      .get('p0' as PeerId)!
      .got.filter(({ from, frame }) => from === 'middle' && frame.type === 'peers')
    expect(toldBy.length).toBeGreaterThan(0)
    expect(toldBy.length).toBeLessThanOrEqual(5)
    expect(world.nodes.get('full' as PeerId)!.received('peers')).toEqual([])
  })

  it('[EX15] what comes too often is passed over, and a record that a tracker told is not replaced', () => {
    const { world, taker, holder, holderLane } = pair(10)
    const say = (...names: string[]) => holder.say(holderLane, { type: 'peers', peers: names.map(record) })
    say('one', 'holder')
    say('two')
    world.pass(100)
    const dialled = taker.did('connect')
    expect(dialled.map(({ peerId }) => peerId)).toEqual(['one'])
    meet(taker, 'one')
    world.pass(peersTellMs)
    say('one')
    world.pass(peersTellMs)
    expect(taker.did('connect').at(-1)!.record).toEqual(new Uint8Array(1))
  })
})
