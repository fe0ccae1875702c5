import { describe, expect, it } from 'vitest'
import { uploadBurstMs } from '../../src/core/limits.ts'
import { UploadLimit } from '../../src/core/swarm/upload-limit.ts'
import { contentOf } from '../support/swarm-content.ts'
import { meet } from '../support/swarm-pair.ts'
import { World } from '../support/swarm-world.ts'

const sentBytes = (node: ReturnType<World['node']>) =>
  node.did('send-blocks').reduce((sum, { count }) => sum + count * 1024, 0)

describe('swarm: upload limit', () => {
  it('[SW18] no more goes out in any time than the limit says, and hardly less', () => {
    const world = new World(contentOf(300))
    const bytesPerSecond = 20_000
    const holder = world.node('holder', { has: 'everything', uploadLimit: new UploadLimit(bytesPerSecond) })
    const takers = ['a', 'b', 'c'].map((name) => world.node(name))
    for (const taker of takers) meet(taker, 'holder')
    world.until(() => sentBytes(holder) > 0)
    const startMs = world.nowMs
    const slackBytes = (bytesPerSecond * uploadBurstMs) / 1000 + 3 * 1024
    for (let i = 0; i < 10; i++) {
      world.pass(1_000)
      const allowedBytes = (bytesPerSecond * (world.nowMs - startMs)) / 1000
      expect(sentBytes(holder)).toBeLessThan(allowedBytes + slackBytes)
      expect(sentBytes(holder)).toBeGreaterThan(0.9 * allowedBytes - slackBytes)
    }
    world.until(() => takers.every((taker) => taker.isComplete), 120_000)
  })

  it('[SW18] [SW9] one that is slower than a block a second serves few at a time, and nobody takes it for silent', () => {
    const world = new World(contentOf(24))
    const holder = world.node('holder', { has: 'everything', uploadLimit: new UploadLimit(400) })
    const takers = ['a', 'b', 'c', 'd', 'e'].map((name) => world.node(name))
    for (const taker of takers) meet(taker, 'holder')
    world.until(() => takers.every((taker) => taker.isComplete), 600_000)
    expect(holder.did('send-blocks').every(({ count }) => count === 1)).toBe(true)
    expect(holder.sent('refuse').some(({ code }) => code === 'busy')).toBe(true)
    expect(takers.flatMap((taker) => taker.did('dropped'))).toEqual([])
  })

  it('[SW18] data sets of one engine take turns', () => {
    const limit = new UploadLimit(1000)
    const [one, two] = [{}, {}]
    const sent = new Map<object, number>()
    for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
      for (const who of [one, two]) if (limit.take(nowMs, who, 500)) sent.set(who, (sent.get(who) ?? 0) + 1)
    }
    expect(Math.abs(sent.get(one)! - sent.get(two)!)).toBeLessThanOrEqual(1)
    expect(sent.get(one)! + sent.get(two)!).toBeGreaterThan(110)
  })

  it('[SW18] who asks while many wait for another data set is told so too', () => {
    const uploadLimit = new UploadLimit(400)
    const asking = () => {
      const world = new World(contentOf(24))
      const holder = world.node('holder', { has: 'everything', uploadLimit })
      const [, laneId] = world.connect(world.node('taker', { isReluctant: true }), holder)
      world.pass(100)
      const frame = { type: 'want', ranges: [{ start: 0, count: 3 }] } as const
      return () => holder.swarm.handle(world.nowMs, { type: 'frame', laneId, frame })
    }
    const [one, other] = [asking(), asking()]
    expect(one()).toMatchObject([{ type: 'send-blocks', count: 1 }])
    expect(other()).toMatchObject([{ type: 'send', frame: { type: 'refuse', code: 'busy' } }])
  })

  it('[SW18] one that has nothing left to send holds up nobody', () => {
    const limit = new UploadLimit(1000)
    const [one, two] = [{}, {}]
    expect(limit.take(0, one, 2000)).toBe(true)
    expect(limit.take(1, one, 1)).toBe(false)
    expect(limit.take(2, two, 1)).toBe(false)
    limit.withdraw(one)
    expect(limit.readyAtMs(one)).toBe(Infinity)
    expect(limit.take(limit.readyAtMs(two), two, 1)).toBe(true)
  })
})
