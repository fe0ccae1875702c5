import { describe, expect, it } from 'vitest'
import { hexOf } from '../../src/core/bytes.ts'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { BadFrame } from '../../src/core/exchange/errors.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import { Gate } from '../../src/core/exchange/gate.ts'
import { proofOf, proofsEqual } from '../../src/core/exchange/proof.ts'
import type { PeerId, SwarmId } from '../../src/core/ids.ts'
import { helloTimeoutMs, peerIdCharsMax, peersToldMax, recordBytesMax } from '../../src/core/limits.ts'

const swarmId = 'ab'.repeat(32) as SwarmId
const framesOf = (chunk: Uint8Array) => [...new FrameReader(frameBytesMaxOf).push(chunk)].map(decodeFrame)

describe('peers told by peers', () => {
  it('[EX15] are few, with ids and records of bounded length, or no frame', () => {
    const one = { peerId: 'a' as PeerId, record: Uint8Array.of(1) }
    const longest = { peerId: 'a'.repeat(peerIdCharsMax) as PeerId, record: new Uint8Array(recordBytesMax) }
    const read = (...peers: (typeof one)[]) => framesOf(encodeFrame({ type: 'peers', peers }))
    expect(read(...Array.from({ length: peersToldMax }, () => longest))).toHaveLength(1)
    expect(() => read(...Array.from({ length: peersToldMax + 1 }, () => one))).toThrow(BadFrame)
    expect(() => read({ ...one, record: new Uint8Array(recordBytesMax + 1) })).toThrow(BadFrame)
    expect(() => read({ ...one, peerId: 'a'.repeat(peerIdCharsMax + 1) as PeerId })).toThrow(BadFrame)
    expect(() => read({ ...one, peerId: '' as PeerId })).toThrow(BadFrame)
    expect(() => framesOf(Uint8Array.of(8, 0, 0, 0, 128, 1, 2, 0xc3, 0xa4, 1, 0, 7))).toThrow(BadFrame)
  })
})

describe('proofs', () => {
  const key = new Uint8Array(32).fill(1)
  const [a, b] = ['12D3a' as PeerId, '12D3b' as PeerId]

  it('[EX5] hold for one key, one pair and one direction', () => {
    const proof = proofOf(key, a, b, 'initiator')
    expect(hexOf(proof)).toBe('ae943f0e37cc222a30099af2fe048a915ff471106d51d34c2403ba4038315ae9')
    expect(proofsEqual(proofOf(key, a, b, 'initiator'), proof)).toBe(true)
    const others = [
      proofOf(key, a, b, 'responder'),
      proofOf(key, b, a, 'initiator'),
      proofOf(key.slice().fill(2), a, b, 'initiator'),
      undefined,
      proof.slice(1)
    ]
    for (const other of others) expect(proofsEqual(other, proof)).toBe(false)
  })
})

describe('gate', () => {
  it('[EX9] routes a lane by its hello and refuses what begins otherwise or not at all', () => {
    const gate = new Gate(100)
    expect(gate.wakeAtMs()).toBe(100 + helloTimeoutMs)
    expect(gate.judge(100, undefined)).toEqual({ type: 'wait' })
    expect(gate.judge(200, { type: 'hello', swarmId, role: 'tab', lane: 0 })).toEqual({ type: 'route', swarmId })
    expect(gate.judge(200, { type: 'cancel', ranges: [] })).toMatchObject({
      type: 'refuse',
      bye: 'protocol',
      error: { code: 'bad-frame' }
    })
    expect(gate.judge(gate.wakeAtMs(), undefined)).toMatchObject({ type: 'refuse', bye: 'stalled' })
  })
})
