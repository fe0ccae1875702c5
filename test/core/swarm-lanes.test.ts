import { describe, expect, it } from 'vitest'
import { lanesPerSessionMax } from '../../src/core/limits.ts'
import { contentOf } from '../support/swarm-content.ts'
import { byes, meet, pair, range } from '../support/swarm-pair.ts'
import { World } from '../support/swarm-world.ts'

describe('swarm: lanes', () => {
  it('[EX7] two peers that dial each other keep one session, and part from it only once', () => {
    const world = new World(contentOf(300), { latencyMs: 30 })
    const [a, b] = [world.node('a', { has: range300(0) }), world.node('b', { has: range300(150) })]
    meet(a, 'b')
    meet(b, 'a')
    world.until(() => a.isComplete && b.isComplete)
    world.pass(120_000)
    expect(a.did('connect').length + b.did('connect').length).toBe(2)
    expect(a.swarm.sessions()).toHaveLength(1)
    expect(a.codes().concat(b.codes())).toEqual([])
  })

  it('[EX7] a peer that comes back takes the place of its lane that died unseen', () => {
    const { world, holder, taker } = pair()
    const [again] = world.connect(taker, holder)
    world.pass(1_000)
    expect(holder.swarm.sessions()).toHaveLength(1)
    expect(taker.swarm.sessions().map((view) => view.laneId)).toEqual([again])
    taker.turn({ type: 'admit' })
    world.until(() => taker.isComplete)
  })

  it('[EX8] further lanes join the session, carry blocks, and leave it without ending it', () => {
    const { world, holder, taker } = pair(2000)
    const states = taker.sent('state').length
    const [second] = world.connect(taker, holder, 1)
    const [third] = world.connect(taker, holder, 2)
    world.pass(100)
    expect(holder.swarm.sessions()).toMatchObject([{ laneCount: 3 }])
    expect(taker.sent('state')).toHaveLength(states)
    taker.turn({ type: 'admit' })
    world.until(() => taker.disk.size > 200)
    expect(new Set(taker.did('hash').map(({ laneId }) => laneId)).size).toBe(3)
    taker.turn({ type: 'lane-closed', laneId: second })
    taker.say(third, { type: 'bye', code: 'leaving' })
    world.until(() => taker.isComplete)
    expect(taker.swarm.sessions()).toMatchObject([{ laneCount: 1 }])
    expect(taker.codes().concat(holder.codes())).toEqual([])
  })

  it('[EX8] the session ends with its first lane, holdings are spoken of there alone, and lanes are counted', () => {
    const { world, holder, taker, takerLane } = pair(50)
    for (let number = 1; number <= lanesPerSessionMax; number++) world.connect(taker, holder, number)
    world.pass(100)
    expect(holder.swarm.sessions()).toMatchObject([{ laneCount: lanesPerSessionMax }])
    expect(byes(holder)).toEqual(['too-many'])
    taker.say(takerLane, { type: 'bye', code: 'leaving' })
    world.pass(100)
    expect(holder.swarm.sessions()).toHaveLength(0)
    expect(taker.swarm.sessions()).toHaveLength(0)

    const other = pair(50)
    const [second] = other.world.connect(other.taker, other.holder, 1)
    other.world.pass(100)
    other.taker.say(second, { type: 'have', ranges: [range(0, 1)] })
    other.world.pass(100)
    expect(other.holder.codes()).toEqual(['bad-frame'])
    expect(other.holder.swarm.sessions()).toHaveLength(0)
  })

  it('[EX8] a further lane of no session is refused', () => {
    const world = new World(contentOf(10))
    const [a, b] = [world.node('a', { has: 'everything' }), world.node('b')]
    world.connect(b, a, 3)
    world.pass(100)
    expect(a.swarm.sessions()).toHaveLength(0)
    expect(b.did('close-lane')).toHaveLength(1)
  })

  it('[SW13] stop says goodbye and takes no lane from then on', () => {
    const { world, holder, taker } = pair()
    holder.turn({ type: 'stop' })
    world.connect(taker, holder)
    world.pass(100)
    expect(byes(holder)).toEqual(['leaving', 'too-many'])
    expect(holder.swarm.wakeAtMs()).toBe(Infinity)
  })
})

const range300 = (from: number): number[] => Array.from({ length: 150 }, (_, i) => from + i)
