import { expect, it } from 'vitest'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { Frame, KnownFrame } from '../../src/core/exchange/types.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { InboundLanes } from '../../src/engine/inbound-lanes.ts'
import { platformTimers } from '../../src/engine/watch.ts'
import { lanePair } from '../../src/network/memory.ts'

const hello: KnownFrame = { type: 'hello', swarmId: '5a'.repeat(32) as SwarmId, role: 'tab', lane: 0 }

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
