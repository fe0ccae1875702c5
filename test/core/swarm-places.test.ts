import { describe, expect, it } from 'vitest'
import type { LaneId, PeerId } from '../../src/core/ids.ts'
import {
  backoffMs,
  dialMoreMs,
  furtherLanesTakenMax,
  lanesPerSessionMax,
  peersTradedMax,
  placeIdleMs,
  sessionsAcceptedMax,
  sessionsMax,
  stallTimeoutMs,
  suggestionMs
} from '../../src/core/limits.ts'
import { Holders } from '../../src/core/swarm/holders.ts'
import { SwarmLane } from '../../src/core/swarm/lane.ts'
import { leastUseful } from '../../src/core/swarm/places.ts'
import { Session } from '../../src/core/swarm/session.ts'
import { contentOf } from '../support/swarm-content.ts'
import { byes, meet } from '../support/swarm-pair.ts'
import { type Node, World } from '../support/swarm-world.ts'

const names = (count: number, name = 'stranger') => Array.from({ length: count }, (_, i) => `${name}${i}`)

/** They come by themselves, ask for nothing and give nothing. */
function crowd(world: World, at: Node, count: number): Node[] {
  const strangers = names(count).map((name) => world.node(name, { has: 'nothing', isReluctant: true }))
  for (const stranger of strangers) world.connect(stranger, at)
  world.pass(100)
  return strangers
}

const peersOf = ({ swarm }: Node): PeerId[] => swarm.sessions().map(({ peerId }) => peerId)

describe('swarm: places', () => {
  it('[SW20] however many come by themselves, one that is dialled finds a place', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker')
    crowd(world, taker, sessionsMax + 2)
    expect(peersOf(taker)).toHaveLength(sessionsAcceptedMax)
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 2 * dialMoreMs)
  })

  it('[SW20] one that holds what is lacking and comes by itself takes the place of one of no use', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker')
    world.node('dialled', { has: 'nothing', isReluctant: true })
    meet(taker, 'dialled')
    world.pass(100)
    const strangers = crowd(world, taker, sessionsAcceptedMax)
    const holder = world.node('holder', { has: 'everything' })
    world.connect(holder, taker)
    world.pass(placeIdleMs / 2)
    expect(holder.received('bye').map(({ code }) => code)).toEqual(['too-many']) // all have only just come
    world.pass(placeIdleMs / 2)
    world.connect(holder, taker)
    world.until(() => taker.isComplete, 1_000)
    expect(peersOf(taker)).toHaveLength(sessionsAcceptedMax + 1)
    expect(peersOf(taker)).toContain('dialled')
    expect(strangers.filter(({ peerId }) => !peersOf(taker).includes(peerId))).toHaveLength(1)
    expect(taker.codes()).toEqual([])
  })

  it('[SW20] who lacks nothing has all places for those that ask, and those that only stay give theirs', () => {
    const world = new World(contentOf(40))
    const holder = world.node('holder', { has: 'everything' })
    crowd(world, holder, sessionsMax)
    expect(peersOf(holder)).toHaveLength(sessionsMax)
    world.pass(placeIdleMs)
    const taker = world.node('taker')
    world.connect(taker, holder)
    world.until(() => taker.isComplete, 2 * suggestionMs) // the others were suggested parts of it
  })

  it('[SW20] nobody gives way to a newcomer while all get something', () => {
    const world = new World(contentOf(200))
    const holder = world.node('holder', { has: 'everything', pace: 1 })
    for (const name of names(sessionsMax, 'taker')) world.connect(world.node(name), holder)
    world.pass(2 * placeIdleMs)
    const before = peersOf(holder)
    const late = world.node('late')
    world.connect(late, holder)
    world.pass(100)
    expect(late.received('bye').map(({ code }) => code)).toEqual(['too-many'])
    expect(peersOf(holder)).toEqual(before)
    expect(before).toHaveLength(sessionsMax)
  })

  it('[SW20] who gave way is dialled after those that were not tried', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker')
    crowd(world, taker, sessionsAcceptedMax)
    world.pass(placeIdleMs)
    world.connect(world.node('newcomer', { has: 'nothing', isReluctant: true }), taker)
    world.pass(2 * backoffMs)
    const [gone] = names(sessionsAcceptedMax).filter((name) => !peersOf(taker).includes(name as PeerId))
    meet(taker, gone!, 'untried')
    world.pass(2 * dialMoreMs)
    expect(taker.did('connect').map(({ peerId }) => peerId)).toEqual(['untried', gone])
  })

  it('[SW20] who opens its session anew has come no later for that', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker')
    const strangers = crowd(world, taker, sessionsAcceptedMax)
    world.pass(placeIdleMs - 1_000)
    for (const stranger of strangers) world.connect(stranger, taker)
    world.pass(1_000)
    world.connect(world.node('holder', { has: 'everything' }), taker)
    world.until(() => taker.isComplete, 1_000)
  })

  it('[SW10] [SW20] with every place taken one more is tried now and then, and takes the place of one of no use', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker', { sends: (frame) => (frame.type === 'peers' ? undefined : frame) })
    const dialled = names(sessionsMax - sessionsAcceptedMax, 'known')
    for (const name of dialled) world.node(name, { has: 'nothing', isReluctant: true })
    meet(taker, ...dialled)
    world.pass(stallTimeoutMs + 2 * peersTradedMax * dialMoreMs)
    crowd(world, taker, sessionsAcceptedMax)
    expect(peersOf(taker)).toHaveLength(sessionsMax)
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 2 * stallTimeoutMs)
    expect(peersOf(taker)).toHaveLength(sessionsMax)
  })

  it('[SW10] who came by itself and gave nothing yet does not keep it from dialling', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker')
    crowd(world, taker, peersTradedMax)
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 2 * dialMoreMs)
  })

  it('[SW19] the further lanes that others opened take nothing from those that we open', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker', { has: 'nothing', isReluctant: true })
    const strangers = crowd(world, taker, Math.ceil(furtherLanesTakenMax / (lanesPerSessionMax - 1)) + 1)
    for (const stranger of strangers)
      for (let number = 1; number < lanesPerSessionMax; number++) world.connect(stranger, taker, number)
    world.pass(100)
    const lanes = () => taker.swarm.sessions().reduce((sum, { laneCount }) => sum + laneCount, 0)
    expect(lanes() - strangers.length).toBe(furtherLanesTakenMax)
    const before = byes(taker).length
    const holder = world.node('holder', { has: 'everything' })
    world.connect(taker, holder)
    world.pass(100)
    world.connect(taker, holder, 1)
    world.pass(100)
    expect(byes(taker)).toHaveLength(before)
    expect(taker.swarm.sessions().find(({ peerId }) => peerId === 'holder')!.laneCount).toBe(2)
  })
})

describe('swarm: of least use', () => {
  const holders = new Holders(4)
  /** Its name tells apart who it is; it came at 0. */
  function session(name: string, { gaveAtMs = -1, holds = false } = {}): Session {
    const peerId = name as PeerId
    const info = { laneId: 1 as LaneId, peerId, localPeerId: 'me' as PeerId, direction: 'inbound' } as const
    const made = new Session(new SwarmLane(info, 0), peerId, 'tab')
    made.size(4)
    if (holds) made.learn([{ start: 0, count: 1 }], true, holders)
    if (gaveAtMs >= 0) made.received(gaveAtMs, 1)
    return made
  }
  const least = (nowMs: number, isLacking: boolean, ...sessions: Session[]) =>
    leastUseful(sessions, nowMs, isLacking)?.peerId

  it('[SW20] is who never gave anything, then who holds nothing that is lacking, then who was of no use for longest', () => {
    const gave = session('gave', { gaveAtMs: 1 })
    const longAgo = session('longAgo', { gaveAtMs: 0 })
    const holds = session('holds', { holds: true })
    const idle = session('idle')
    expect(least(2 * placeIdleMs, true, gave, longAgo, holds, idle)).toBe('idle')
    expect(least(2 * placeIdleMs, true, gave, longAgo, holds)).toBe('holds')
    expect(least(2 * placeIdleMs, true, gave, longAgo)).toBe('longAgo')
    expect(least(2 * placeIdleMs, false, holds, idle)).toBe('holds') // where nothing is lacking it is nothing
  })

  it('[SW20] is nobody who came, gave or got something a moment ago', () => {
    const gave = session('gave', { gaveAtMs: placeIdleMs })
    const got = session('got')
    got.sent(placeIdleMs, 1)
    expect(least(placeIdleMs, true, gave, got)).toBeUndefined()
    expect(least(placeIdleMs - 1, true, session('new'))).toBeUndefined()
    expect(least(2 * placeIdleMs, true, gave, got)).toBe('got')
  })
})
