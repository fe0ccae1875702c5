import { expect, it, vi } from 'vitest'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { Frame, KnownFrame } from '../../src/core/exchange/types.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { blockBytes, helloBytesMax, messageBlocks } from '../../src/core/limits.ts'
import { InboundLanes } from '../../src/engine/inbound-lanes.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import type { KeeperPart } from '../../src/engine/parts.ts'
import type { SwarmDriver } from '../../src/engine/swarm-driver.ts'
import type { Lane } from '../../src/network/types.ts'
import { lanePair } from '../../src/network/memory.ts'

const blocksCode = 10
const hello: KnownFrame = { type: 'hello', swarmId: '5a'.repeat(32) as SwarmId, role: 'tab', lane: 0 }

it('[EX2] before its hello a lane may claim no more than that takes, and then what every message may', () => {
  const lanes: Lane[] = []
  const find = () => ({ driver: () => ({ addLane: (lane: Lane) => void lanes.push(lane) }) as unknown as SwarmDriver })
  const inbound = new InboundLanes({ timers: platformTimers, log: () => undefined }, { find })
  const heard = (...chunks: Uint8Array[]): boolean => {
    const [, ours] = lanePair('a' as PeerId, 'b' as PeerId, '/quire/exchange/1')
    let isOpen = true
    inbound.accept(Object.assign(ours, { close: () => (isOpen = false) }))
    for (const chunk of chunks) ours.onChunk(chunk)
    return isOpen
  }
  const head = (bytes: number) => Uint8Array.of(bytes & 255, (bytes >> 8) & 255, bytes >> 16, 0, blocksCode)
  expect(heard(head(helloBytesMax + 1))).toBe(false)
  expect(lanes).toHaveLength(0)
  expect(heard(Buffer.concat([encodeFrame(hello), head(messageBlocks * blockBytes)]))).toBe(true)
  expect(lanes).toHaveLength(1)
})

it.each([
  ['/quire/exchange/1', [{ type: 'bye', code: 'too-many' }]],
  ['/quire/keep/1', []]
] as const)('[EX9] a lane of %s for which its peer has no place is told so and closed', async (protocol, told) => {
  const [theirs, ours] = lanePair('a' as PeerId, 'b' as PeerId, protocol)
  const reader = new FrameReader(frameBytesMaxOf)
  const said: Frame[] = []
  const closed = Promise.withResolvers<void>()
  theirs.onChunk = (chunk) => void said.push(...reader.push(chunk).map(decodeFrame))
  theirs.onClose = () => closed.resolve()
  const keeper = { find: () => undefined, accept: () => expect.unreachable() } as unknown as KeeperPart
  const log = vi.fn()
  const inbound = new InboundLanes({ timers: platformTimers, log }, { find: () => undefined }, keeper)
  inbound.accept(Object.assign(ours, { isExcess: true }))
  await closed.promise
  expect(said).toEqual(told)
  expect(log.mock.calls).toEqual([['lane-refused', { code: 'too-many' }]])
})

it('[EX9] who says more than hello while its data set is taken up is told that it breaks the protocol', async () => {
  const [theirs, ours] = lanePair('a' as PeerId, 'b' as PeerId, '/quire/exchange/1')
  const wake = () => new Promise<undefined>(() => undefined)
  new InboundLanes({ timers: platformTimers, log: () => undefined }, { find: () => undefined, wake }).accept(ours)
  const reader = new FrameReader(frameBytesMaxOf)
  const said: Frame[] = []
  const closed = Promise.withResolvers<void>()
  theirs.onChunk = (chunk) => void said.push(...reader.push(chunk).map(decodeFrame))
  theirs.onClose = () => closed.resolve()
  theirs.send(encodeFrame(hello))
  theirs.send(encodeFrame({ type: 'want', ranges: [{ start: 0, count: 1 }] }))
  await closed.promise
  expect(said).toEqual([{ type: 'bye', code: 'protocol' }])
})
