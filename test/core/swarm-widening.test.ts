import { describe, expect, it } from 'vitest'
import { fetchLanesMax, lanesPerSessionMax, widthRestMs } from '../../src/core/limits.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { contentOf, type NodeOptions } from '../support/swarm-content.ts'
import { meet } from '../support/swarm-pair.ts'
import { type Node, World } from '../support/swarm-world.ts'

const KiB = 1024

interface Far {
  readonly blocks?: number
  readonly holders?: number
  readonly taker?: NodeOptions
  readonly holder?: NodeOptions
}

/** A taker and holders of some MB, of which each lane brings a quarter of a megabyte a second. */
function far(latencyMs: number, { blocks = 600, holders = 1, ...options }: Far = {}) {
  const world = new World(contentOf(blocks, { blockBytes: 64 * KiB }), { latencyMs })
  const names = Array.from({ length: holders }, (_, i) => `holder-${i}`)
  for (const name of names) world.node(name, { has: 'everything', pace: 256, ...options.holder })
  const taker = world.node('taker', options.taker)
  meet(taker, ...names)
  return { world, taker }
}

const widened = (node: Node) => node.did('widen')
const lanesOf = (node: Node) => node.swarm.sessions()[0]?.laneCount ?? 0

describe('swarm: how many lanes', () => {
  it('[SW19] one where the path is short', () => {
    const { world, taker } = far(3)
    world.until(() => taker.isComplete, 300_000)
    expect(widened(taker)).toEqual([])
  })

  it('[SW19] as many as carry more where it is long: eight bring several times what one brings', () => {
    const tookMs = (isNarrow: boolean) => {
      const { world, taker } = far(50, { taker: { isNarrow } })
      let most = 0
      world.until(() => {
        most = Math.max(most, lanesOf(taker))
        return taker.isComplete
      }, 600_000)
      return { ms: world.nowMs, most }
    }
    const [wide, narrow] = [tookMs(false), tookMs(true)]
    expect([wide.most, narrow.most]).toEqual([lanesPerSessionMax, 1])
    expect(narrow.ms / wide.ms).toBeGreaterThan(4)
  })

  it('[SW19] they end when the fetch ends, and the session stays', () => {
    const { world, taker } = far(50)
    world.until(() => taker.isComplete)
    world.pass(1_000)
    expect(taker.swarm.sessions()).toMatchObject([{ laneCount: 1 }])
    expect(taker.codes()).toEqual([])
  })

  it('[SW19] those that bring no more are given back, and are not tried again soon', () => {
    const { world, taker } = far(12, { blocks: 2000, holder: { line: { freeAtMs: 0 }, pace: 1024 } })
    world.until(() => widened(taker).length > 0 && lanesOf(taker) > 1)
    world.until(() => lanesOf(taker) === 1)
    const tried = widened(taker).length
    world.pass(widthRestMs / 2)
    expect(widened(taker)).toHaveLength(tried)
    expect(lanesOf(taker)).toBe(1)
    world.until(() => taker.isComplete, 600_000)
    const came = taker.received('blocks').reduce((sum, { blocks }) => sum + blocks.length, 0)
    expect(came).toBeLessThan(2000 * 1.01)
  })

  it('[SW19] they are bounded over all peers', () => {
    const { world, taker } = far(50, { holders: 5 })
    const lanes = () => taker.swarm.sessions().reduce((sum, { laneCount }) => sum + laneCount, 0)
    let most = 0
    world.until(() => {
      most = Math.max(most, lanes())
      return taker.isComplete
    })
    expect(most).toBe(fetchLanesMax)
  })

  it('[SW19] few where many bring something already', () => {
    const { world, taker } = far(50, { holders: fetchLanesMax, blocks: 2000 })
    world.until(() => taker.isComplete, 300_000)
    expect(widened(taker).length).toBeLessThan(lanesPerSessionMax)
    expect(taker.swarm.sessions()).toHaveLength(fetchLanesMax)
  })

  it('[SW19] none while many others are dialled, unless those cannot be reached', () => {
    const record = new Uint8Array([1])
    const peers = Array.from({ length: 7 }, (_, i) => ({ peerId: `other-${i}` as PeerId, record, holder: false }))
    const lanes = (dialMs: number) => {
      const { world, taker } = far(50, { taker: { dialMs: (to) => (to.startsWith('other') ? dialMs : 50) } })
      taker.turn({ type: 'peers', peers })
      world.until(() => taker.isComplete, 600_000)
      return widened(taker).length
    }
    expect(lanes(700_000)).toBe(0)
    expect(lanes(5_000)).toBeGreaterThan(3)
  })

  it('[SW19] none where many others fetch too: they will have something to give', () => {
    const { world, taker } = far(50)
    const others = Array.from({ length: 7 }, (_, i) => world.node(`other-${i}`, { isReluctant: true }))
    for (const other of others) meet(other, 'taker')
    world.until(() => taker.isComplete, 600_000)
    expect(widened(taker)).toEqual([])
  })

  it('[SW19] none where it is not the path but this machine that is slow', () => {
    const { world, taker } = far(50, { taker: { lateMs: 30 } })
    world.until(() => taker.isComplete, 600_000)
    expect(widened(taker)).toEqual([])
  })

  it('[SW19] a peer that takes none is fetched from all the same, and asked for them less and less often', () => {
    const { world, taker } = far(50, { taker: { isNarrow: true }, blocks: 900 })
    world.until(() => taker.isComplete, 600_000)
    expect(widened(taker).length).toBeLessThan(20)
  })
})
