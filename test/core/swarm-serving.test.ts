// Long: one machine serves all of these.
import { describe, expect, it } from 'vitest'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import { groupIndex } from '../../src/core/ids.ts'
import {
  blockBytes,
  busyRestMs,
  haveIntervalMs,
  messagesUnderWayMax,
  queuedBlocksMax,
  queuedGroupsMax,
  rangesPerFrameMax,
  windowBlocksMin,
  windowBytesMax,
  windowBytesStart
} from '../../src/core/limits.ts'
import type { SwarmInput } from '../../src/core/swarm/types.ts'
import { Window } from '../../src/core/swarm/window.ts'
import { contentOf } from '../support/swarm-content.ts'
import { meet, pair } from '../support/swarm-pair.ts'
import { World } from '../support/swarm-world.ts'

describe('swarm: serving', () => {
  it('[EX11] [SW7] tells of blocks only when they are durable, and of the last by one word', () => {
    const world = new World(contentOf(300))
    world.node('holder', { has: 'everything', pace: 100 })
    const middle = world.node('middle', { storeMs: 500 })
    const watcher = world.node('watcher', { isReluctant: true })
    meet(middle, 'holder')
    world.connect(watcher, middle)
    const tellAll = () => {
      const told = watcher.received('have').flatMap(({ ranges }) => ranges)
      for (const { start, count } of told) {
        for (let index = start; index < start + count; index++) expect(middle.disk.has(index)).toBe(true)
      }
      return middle.isComplete
    }
    world.until(tellAll)
    world.pass(1_000)
    const states = watcher.got.flatMap(({ from, frame }) =>
      from === 'middle' && frame.type === 'state' ? [frame] : []
    )
    expect(states.at(-1)).toMatchObject({ complete: true, ranges: [] })
    expect(states.filter(({ complete }) => complete)).toHaveLength(1)
    const spanMs = world.nowMs
    expect(watcher.received('have').length).toBeGreaterThan(2)
    expect(watcher.received('have').length).toBeLessThan(spanMs / haveIntervalMs + 1)
  })

  it('[EX11] tells nothing to one that holds everything, but the end', () => {
    const world = new World(contentOf(200))
    const holder = world.node('holder', { has: 'everything', pace: 50 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    world.pass(1_000)
    expect(holder.received('have')).toHaveLength(0)
    expect(holder.received('state').at(-1)).toMatchObject({ complete: true })
  })

  it('[SW7] a part of a data set is served while the rest is still coming', () => {
    const world = new World(contentOf(600))
    const even = Array.from({ length: 600 }, (_, i) => i).filter((i) => i % 2 === 0)
    const odd = even.map((i) => i + 1)
    const [a, b] = [world.node('a', { has: even }), world.node('b', { has: odd })]
    meet(a, 'b')
    world.until(() => a.isComplete && b.isComplete)
  })

  it('[EX11] [SW6] what is evicted is gone for others at once, and not fetched again unasked', () => {
    const world = new World(contentOf(100))
    const holder = world.node('holder', { has: 'everything' })
    const keeper = world.node('keeper', { has: 'everything' })
    meet(holder, 'keeper')
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, 'holder')
    world.connect(holder, keeper)
    world.pass(500)
    holder.turn({ type: 'evicted', ranges: [{ start: 10, count: 20 }] })
    world.pass(10)
    expect(taker.received('gone')).toEqual([{ type: 'gone', ranges: [{ start: 10, count: 20 }] }])
    world.pass(5_000)
    expect(holder.swarm.held?.count).toBe(80)
    holder.turn({ type: 'admit' })
    world.until(() => holder.isComplete)
    taker.turn({ type: 'admit' })
    world.until(() => taker.isComplete)
  })

  it('[SW2] [SW6] what is evicted of a group whose hashes were forgotten comes again when there is room', () => {
    const world = new World(contentOf(1200))
    const holder = world.node('holder', { has: 'everything' })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    for (let index = 10; index < 14; index++) taker.disk.delete(index)
    taker.turn({ type: 'evicted', ranges: [{ start: 10, count: 4 }] })
    world.pass(100)
    expect(holder.received('want-hashes')).toHaveLength(3)
    taker.turn({ type: 'admit' })
    world.until(() => taker.isComplete)
    expect(holder.received('want-hashes')).toHaveLength(4)
  })

  it('[SW12] one that had no hashes of a group is asked for them again when it says that it has more', () => {
    const world = new World(contentOf(100))
    const middle = world.node('middle', { has: [0, 1, 2] })
    const [group] = middle.groups.values()
    middle.groups.clear()
    const taker = world.node('taker')
    const [, middleLane] = world.connect(taker, middle)
    world.pass(10_000)
    expect(taker.received('refuse-hashes')).toHaveLength(1)
    middle.groups.set(0, group!)
    middle.say(middleLane, { type: 'have', ranges: [{ start: 2, count: 1 }] })
    world.until(() => taker.disk.size === 3)
  })

  it('[EX14] [SW12] more than the queue takes is refused, and the asker rests', () => {
    const world = new World(contentOf(1000))
    const holder = world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isReluctant: true })
    const [takerLane, holderLane] = world.connect(taker, holder)
    world.pass(100)
    holder.turn({ type: 'lane-blocked', laneId: holderLane })
    taker.say(takerLane, {
      type: 'want',
      ranges: [
        { start: 0, count: 200 },
        { start: 500, count: 400 }
      ]
    })
    world.pass(10)
    expect(holder.sent('refuse')).toEqual([
      {
        type: 'refuse',
        code: 'busy',
        ranges: [{ start: 500 + queuedBlocksMax - 200, count: 400 - queuedBlocksMax + 200 }]
      }
    ])

    const second = new World(contentOf(60))
    let isBusy = true
    second.node('holder', {
      has: 'everything',
      sends: (frame) => {
        if (frame.type !== 'blocks' || !isBusy) return frame
        return { type: 'refuse', code: 'busy', ranges: [{ start: frame.start, count: frame.blocks.length }] }
      }
    })
    const asker = second.node('asker')
    meet(asker, 'holder')
    second.pass(5 * busyRestMs + 500)
    expect(asker.sent('want').length).toBeLessThanOrEqual(6 * 4)
    isBusy = false
    second.until(() => asker.isComplete)
    expect(asker.codes()).toEqual([])
  })

  it('[SW12] one that does not serve is left in peace, one without a group or block is not asked again', () => {
    const world = new World(contentOf(100))
    const miser = world.node('miser', { has: 'everything', serving: false })
    const poor = world.node('poor', { has: 'everything' })
    poor.groups.clear()
    const taker = world.node('taker')
    meet(taker, 'miser', 'poor')
    world.pass(10_000)
    expect(miser.received('want').concat(miser.received('want-hashes') as never)).toHaveLength(0)
    expect(poor.received('want-hashes')).toHaveLength(1)
    world.node('holder', { has: 'everything' })
    poor.disk.clear()
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
    expect(
      taker
        .sent('want')
        .flatMap(({ ranges }) => ranges)
        .reduce((sum, { count }) => sum + count, 0)
    ).toBeLessThanOrEqual(200)
  })

  it('[SW12] what the store failed to read once is asked again of the same peer after a second', () => {
    const world = new World(contentOf(100))
    let fails = 2
    world.node('holder', { has: 'everything', readFails: () => fails-- > 0 })
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 5 * busyRestMs)
    const codes = [...taker.received('refuse-hashes'), ...taker.received('refuse')].map(({ code }) => code)
    expect(codes).toEqual(['busy', 'busy'])
  })

  it('[SW6] [SW12] of blocks that turn out not to be there nobody is told any more, and the others are sent', () => {
    const world = new World(contentOf(100))
    const holder = world.node('holder', { has: 'everything' })
    for (const index of [20, 21, 57]) holder.disk.delete(index)
    const taker = world.node('taker')
    meet(taker, 'holder')
    world.until(() => taker.disk.size === 97, busyRestMs)
    world.pass(5_000)
    expect(taker.received('refuse').map(({ code, ranges }) => [code, ranges])).toEqual(
      expect.arrayContaining([20, 21, 57].map((start) => ['not-held', [{ start, count: 1 }]]))
    )
    expect(holder.sent('gone').flatMap(({ ranges }) => ranges)).toHaveLength(3)
    expect(
      holder
        .received('want')
        .flatMap(({ ranges }) => ranges)
        .reduce((sum, { count }) => sum + count, 0)
    ).toBe(100)
  })

  it('[SW9] gives askers equal bytes, however they ask', () => {
    const world = new World(contentOf(3000))
    const holder = world.node('holder', { has: 'everything', pace: 50 })
    const takers = ['t1', 't2', 't3'].map((name) => world.node(name))
    meet(takers[0]!, 'holder')
    world.pass(5_000)
    meet(takers[1]!, 'holder')
    meet(takers[2]!, 'holder')
    world.pass(500)
    const before = holder.swarm.sessions().map((view) => view.sentBytes)
    world.pass(10_000)
    const shares = holder.swarm.sessions().map((view, i) => view.sentBytes - before[i]!)
    expect(Math.min(...shares)).toBeGreaterThan(0.8 * Math.max(...shares))
  })

  it('[SW9] sends nothing to a lane that is blocked, and at most four messages at once', () => {
    const world = new World(contentOf(500))
    const holder = world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isReluctant: true })
    const [, holderLane] = world.connect(taker, holder)
    world.pass(100)
    const want = (count: number) => {
      const frame = { type: 'want', ranges: [{ start: 0, count }] } as const
      return holder.swarm.handle(world.nowMs, { type: 'frame', laneId: holderLane, frame })
    }
    expect(want(100).filter(({ type }) => type === 'send-blocks')).toHaveLength(messagesUnderWayMax)
    const sent = { type: 'blocks-sent', laneId: holderLane, start: 0, count: 3, bytes: 3072 } as const
    expect(holder.swarm.handle(world.nowMs, sent)).toMatchObject([{ type: 'send-blocks', start: 12, count: 3 }])
    expect(holder.swarm.handle(world.nowMs, { type: 'lane-blocked', laneId: holderLane })).toEqual([])
    expect(holder.swarm.handle(world.nowMs, sent)).toEqual([])
    const drained = holder.swarm.handle(world.nowMs, { type: 'lane-drained', laneId: holderLane })
    expect(drained).toMatchObject([{ type: 'send-blocks', start: 15, count: 3 }])
  })

  it('[EX12] a cancel is answered for what was still in the queue, wherever it stood', () => {
    const world = new World(contentOf(500))
    const holder = world.node('holder', { has: 'everything' })
    const taker = world.node('taker', { isReluctant: true })
    const [, laneId] = world.connect(taker, holder)
    world.pass(100)
    const frame = (type: 'want' | 'cancel', start: number, count: number) =>
      holder.swarm.handle(world.nowMs, {
        type: 'frame',
        laneId,
        frame: { type, ranges: [{ start, count }] }
      })
    frame('want', 0, 100)
    expect(frame('cancel', 5, 25)).toMatchObject([
      { frame: { type: 'refuse', code: 'cancelled', ranges: [{ start: 12, count: 18 }] } }
    ])
    expect(frame('cancel', 50, 10)).toMatchObject([
      { frame: { code: 'cancelled', ranges: [{ start: 50, count: 10 }] } }
    ])
    expect(frame('cancel', 50, 10)).toEqual([])
    const served: number[] = []
    for (let i = 0; i < 30; i++) {
      const effects = holder.swarm.handle(world.nowMs, { type: 'blocks-sent', laneId, start: 0, count: 3, bytes: 3072 })
      for (const effect of effects)
        if (effect.type === 'send-blocks') for (let k = 0; k < effect.count; k++) served.push(effect.start + k)
    }
    const expected = Array.from({ length: 88 }, (_, i) => i + 12).filter((i) => i >= 30 && (i < 50 || i >= 60))
    expect(served).toEqual(expected)
  })
})

describe('swarm: one that does not read', () => {
  function blocked() {
    const { world, holder, holderLane: laneId } = pair(600)
    const tell = (input: SwarmInput) => holder.swarm.handle(world.nowMs, input)
    const say = (frame: KnownFrame) => tell({ type: 'frame', laneId, frame })
    const wantHashes = () => say({ type: 'want-hashes', group: groupIndex(0) })
    const answer = () => tell({ type: 'hashes-read', laneId, group: groupIndex(0), hashes: 'not-held' })
    tell({ type: 'lane-blocked', laneId })
    return { holder, laneId, tell, say, wantHashes, answer, isHere: () => holder.swarm.sessions().length === 1 }
  }

  it('[EX14] has asked for hashes until its lane takes more', () => {
    const { laneId, tell, wantHashes, answer, isHere } = blocked()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < queuedGroupsMax; i++) wantHashes()
      for (let i = 0; i < queuedGroupsMax; i++) answer()
      expect(isHere()).toBe(true)
      tell({ type: 'lane-drained', laneId })
      tell({ type: 'lane-blocked', laneId })
    }
    for (let i = 0; i < queuedGroupsMax; i++) wantHashes()
    for (let i = 0; i < queuedGroupsMax; i++) answer()
    const [said] = wantHashes()
    expect(said).toMatchObject({ frame: { type: 'bye', code: 'protocol' } })
    expect(isHere()).toBe(false)
  })

  it('[EX14] is refused no more ranges than fit one message until its lane takes more', () => {
    const { laneId, tell, say, isHere } = blocked()
    const ranges = Array.from({ length: rangesPerFrameMax / 2 - 1 }, () => ({ start: 0, count: 1 }))
    say({ type: 'want', ranges: [{ start: 0, count: queuedBlocksMax }] })
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 2; i++) say({ type: 'want', ranges })
      expect(isHere()).toBe(true)
      tell({ type: 'lane-drained', laneId })
      tell({ type: 'lane-blocked', laneId })
      say({ type: 'want', ranges: [{ start: 0, count: queuedBlocksMax }] })
    }
    for (let i = 0; i < 3; i++) say({ type: 'want', ranges })
    expect(isHere()).toBe(false)
  })
})

describe('window', () => {
  const deliver = (window: Window, fromMs: number, bytesPerMs: number, rounds: number): number => {
    let nowMs = fromMs
    for (let i = 0; i < rounds; i++) {
      nowMs += window.bytes / bytesPerMs
      window.received(nowMs, window.bytes)
    }
    return nowMs
  }

  it('[SW4] grows while it helps, stays while it does not, shrinks when the pace is lost, within its bounds', () => {
    const window = new Window()
    expect(window.bytes).toBe(windowBytesStart)
    window.asked(0, 0)
    let nowMs = 0
    for (let pace = 1_000; pace < 30_000; pace *= 1.3) nowMs = deliver(window, nowMs, pace, 1)
    expect(window.bytes).toBe(windowBytesMax)
    deliver(window, nowMs, 10_000, 1)
    expect(window.bytes).toBe(0.75 * windowBytesMax)
    const steady = new Window()
    steady.asked(0, 0)
    nowMs = deliver(steady, 0, 1_000, 20)
    expect(steady.bytes).toBe(windowBytesStart * 2)
    for (let pace = 500; pace > 1; pace *= 0.5) nowMs = deliver(steady, nowMs, pace, 1)
    expect(steady.bytes).toBe(windowBlocksMin * blockBytes)
  })

  it('[SW4] a silence in which nothing was asked is no loss of pace', () => {
    const window = new Window()
    window.asked(0, 0)
    const nowMs = deliver(window, 0, 1_000, 3)
    const before = window.bytes
    window.asked(nowMs + 60_000, 0)
    deliver(window, nowMs + 60_000, 1_000, 2)
    expect(window.bytes).toBe(before)
  })
})

describe('swarm: what the store did not take', () => {
  it('[SW17] [SW6] is waited for no longer: what comes when there is room is made durable soon too', () => {
    const world = new World(contentOf(400))
    world.node('holder', { has: 'everything', pace: 50 })
    let isFull = false
    const middle = world.node('middle', { storeMs: 50, storeFails: () => isFull })
    world.connect(world.node('watcher', { isReluctant: true }), middle)
    meet(middle, 'holder')
    world.until(() => middle.did('flush').length > 1)
    isFull = true
    world.pass(2_000)
    isFull = false
    const before = middle.did('flush').length
    middle.turn({ type: 'admit' })
    world.until(() => middle.isComplete)
    expect(middle.did('flush').length).toBeGreaterThan(before)
  })
})
