import { expect } from 'vitest'
import { bytesEqual } from '../../src/core/bytes.ts'
import type { BlockRange } from '../../src/core/block/bitmap.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { contentOf } from './swarm-content.ts'
import { type Node, World } from './swarm-world.ts'

/** A node hears of others. */
export const meet = (node: Node, ...names: string[]) =>
  node.turn({ type: 'peers', peers: names.map((name) => ({ peerId: name as PeerId, record: new Uint8Array(1) })) })

/** Why it said goodbye, each time. */
export const byes = (node: Node) => node.sent('bye').map(({ code }) => code)

/** It has everything, and every byte is right. */
export function expectAllBlocks(node: Node, world: World): void {
  expect(node.isComplete).toBe(true)
  expect(node.did('complete')).toHaveLength(1)
  const wrong = world.content.blocks.findIndex((block, i) => !bytesEqual(node.disk.get(i)!, block))
  expect(wrong).toBe(-1)
}

export const range = (start: number, count: number): BlockRange => ({ start, count })

/** A holder and a taker that have greeted, and the lanes between them. */
export function pair(blockCount = 100, options: { takerHas?: readonly number[] } = {}) {
  const world = new World(contentOf(blockCount))
  const holder = world.node('holder', { has: 'everything' })
  const taker = world.node('taker', { isReluctant: true, has: options.takerHas })
  const [takerLane, holderLane] = world.connect(taker, holder)
  world.pass(100)
  return { world, holder, taker, takerLane, holderLane }
}
