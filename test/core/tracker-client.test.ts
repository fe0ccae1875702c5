import { describe, expect, it } from 'vitest'
import { hexOf } from '../../src/core/bytes.ts'
import { BadFrame } from '../../src/core/exchange/errors.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import type { LaneId, PeerId, SwarmId } from '../../src/core/ids.ts'
import {
  announceTtlMs,
  announceTtlMsMax,
  peersPerAnswerMax,
  recordBytesMax,
  trackerFrameBytesMax
} from '../../src/core/limits.ts'
import { TrackerClient } from '../../src/core/tracker/client.ts'
import { decodeTrackerFrame, encodeTrackerFrame } from '../../src/core/tracker/codec.ts'
import { TrackerServer } from '../../src/core/tracker/server.ts'
import type { KnownTrackerFrame, TrackerFrame, TrackerServerInput } from '../../src/core/tracker/types.ts'
import { fc } from '../support/properties.ts'

const swarmId = 'ab'.repeat(32) as SwarmId
const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId
const recordOf = (peerId: string): Uint8Array => Uint8Array.from([...peerId].map((char) => char.charCodeAt(0)))
const ttlMs = announceTtlMs

describe('tracker client', () => {
  const membership = { role: 'tab', holder: false, watch: true } as const
  const sent = (effects: ReturnType<TrackerClient['handle']>) =>
    effects.flatMap((effect) => (effect.type === 'send' ? [effect.frame] : []))

  const holding = { role: 'tab', holder: true, watch: false } as const

  it('[TR9] says its record first, then all that it holds', () => {
    const client = new TrackerClient()
    expect(client.handle(0, { type: 'join', swarmId, membership: holding })).toEqual([])
    expect(client.handle(0, { type: 'wake' })).toEqual([])
    expect(client.wakeAtMs()).toBe(Infinity)
    const record = recordOf('me')
    expect(sent(client.handle(10, { type: 'record', record }))).toEqual([
      { type: 'record', record },
      { type: 'announce', swarmId, ...holding, watch: true, ttlMs },
      { type: 'announce', swarmId, ...holding, ttlMs }
    ])
    expect(sent(client.handle(20, { type: 'record', record }))).toEqual([{ type: 'record', record }])
    expect(sent(client.handle(20, { type: 'join', swarmId: swarm(1), membership }))).toMatchObject([
      { type: 'announce', swarmId: swarm(1) }
    ])
  })

  it('[TR9] asks for the peers of what it wants before it has a record, once', () => {
    const client = new TrackerClient()
    const announce = { type: 'announce', swarmId, ...membership, ttlMs }
    expect(sent(client.handle(0, { type: 'join', swarmId, membership }))).toEqual([announce])
    expect(client.wakeAtMs()).toBe(ttlMs / 2)
    const record = recordOf('me')
    expect(sent(client.handle(10, { type: 'record', record }))).toEqual([{ type: 'record', record }])
    expect(sent(client.handle(20, { type: 'join', swarmId, membership: holding })).at(-1)).toMatchObject(holding)
  })

  it('[TR10] asks who else is there whenever it announces what it holds, and watches no longer', () => {
    const server = new TrackerServer(
      () => 0,
      () => true
    )
    const client = new TrackerClient()
    const [me, other] = [1 as LaneId, 2 as LaneId]
    const answers: string[][] = []
    const hear = (nowMs: number, input: TrackerServerInput) => {
      for (const effect of server.handle(nowMs, input)) {
        if (effect.type === 'send' && effect.laneId === me && effect.frame.type === 'peers')
          answers.push(effect.frame.peers.map(({ peerId, holder }) => `${peerId} ${holder}`))
      }
    }
    const tell = (nowMs: number, laneId: LaneId, frames: readonly TrackerFrame[]) => {
      for (const frame of frames) hear(nowMs, { type: 'frame', laneId, frame })
    }
    hear(0, { type: 'opened', laneId: me, peerId: 'me' as PeerId })
    hear(0, { type: 'opened', laneId: other, peerId: 'other' as PeerId })
    tell(0, me, sent(client.handle(0, { type: 'record', record: recordOf('me') })))
    tell(0, me, sent(client.handle(0, { type: 'join', swarmId, membership: holding })))
    expect(answers).toEqual([[]])
    tell(1, other, [
      { type: 'record', record: recordOf('other') },
      { type: 'announce', swarmId, ...holding, ttlMs }
    ])
    expect(answers).toEqual([[]])
    tell(ttlMs / 2, me, sent(client.handle(client.wakeAtMs(), { type: 'wake' })))
    expect(answers).toEqual([[], ['other true']])
  })

  it('[TR9] takes back what it said, and nothing else', () => {
    const client = new TrackerClient()
    client.handle(0, { type: 'join', swarmId, membership })
    client.handle(0, { type: 'join', swarmId, membership: holding })
    expect(sent(client.handle(0, { type: 'leave', swarmId }))).toEqual([{ type: 'leave', swarmId }])
    client.handle(0, { type: 'join', swarmId, membership: holding })
    expect(client.handle(0, { type: 'leave', swarmId })).toEqual([])
  })

  it('[TR5] announces again after half the time, until it leaves', () => {
    const client = new TrackerClient()
    client.handle(0, { type: 'record', record: recordOf('me') })
    client.handle(0, { type: 'join', swarmId, membership })
    expect(client.wakeAtMs()).toBe(ttlMs / 2)
    expect(client.handle(ttlMs / 2 - 1, { type: 'wake' })).toEqual([])
    expect(sent(client.handle(ttlMs / 2, { type: 'wake' }))).toMatchObject([{ type: 'announce', swarmId }])
    expect(client.wakeAtMs()).toBe(ttlMs)
    expect(sent(client.handle(ttlMs, { type: 'leave', swarmId }))).toEqual([{ type: 'leave', swarmId }])
    expect(client.handle(ttlMs, { type: 'leave', swarmId })).toEqual([])
    expect(client.wakeAtMs()).toBe(Infinity)
  })

  it('[TR11] leaves what was announced with all that is dormant', () => {
    const client = new TrackerClient()
    const leave = { type: 'leave', swarmId } as const
    expect(sent(client.handle(0, { ...leave, wasDormant: true }))).toEqual([leave])
    expect(client.handle(0, leave)).toEqual([])
  })

  it('[TR9] hands on peers of its own swarms only', () => {
    const client = new TrackerClient()
    client.handle(0, { type: 'join', swarmId, membership })
    const peers = [{ peerId: 'p' as PeerId, role: 'tab', holder: true, record: recordOf('p') }] as const
    expect(client.handle(0, { type: 'frame', frame: { type: 'peers', swarmId, peers } })).toEqual([
      { type: 'peers', swarmId, peers }
    ])
    expect(client.handle(0, { type: 'frame', frame: { type: 'peers', swarmId: swarm(1), peers } })).toEqual([])
  })
})

describe('tracker frames', () => {
  const framesOf = (bytes: Uint8Array) => [...new FrameReader(trackerFrameBytesMax).push(bytes)].map(decodeTrackerFrame)
  const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hexOf)
  const record = fc.uint8Array({ minLength: 1, maxLength: 60 })
  const role = fc.constantFrom('tab', 'keeper', 'program')
  const peer = fc.record({ peerId: fc.stringMatching(/^[1-9A-Za-z]{1,60}$/), role, holder: fc.boolean(), record })
  const frames = fc.oneof(
    fc.record({ type: fc.constant('record'), record }),
    fc.record({
      type: fc.constant('announce'),
      swarmId: id,
      role,
      holder: fc.boolean(),
      watch: fc.boolean(),
      ttlMs: fc.nat(announceTtlMsMax)
    }),
    fc.record({ type: fc.constant('leave'), swarmId: id }),
    fc.record({ type: fc.constant('look'), swarmId: id }),
    fc.record({
      type: fc.constant('hold'),
      role,
      ttlMs: fc.nat(announceTtlMsMax),
      swarmIds: fc.array(id, { maxLength: 5 })
    }),
    fc.record({ type: fc.constant('peers'), swarmId: id, peers: fc.array(peer, { maxLength: peersPerAnswerMax }) }),
    fc.record({ type: fc.constant('refuse'), swarmId: id, reason: fc.constantFrom('too-many', 'no-record') })
  ) as unknown as fc.Arbitrary<KnownTrackerFrame>

  it('[TR1] come back as they were written', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(framesOf(encodeTrackerFrame(frame))).toEqual([frame])
      }),
      { numRuns: 500 }
    )
  })

  it('[TR1] any bytes, and any change, give a frame or BadFrame', () => {
    const isTotal = (bytes: Uint8Array) => {
      try {
        framesOf(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(BadFrame)
      }
    }
    const payload = fc
      .tuple(fc.nat(7), fc.uint8Array({ maxLength: 150 }))
      .map(([type, rest]) => Uint8Array.of(rest.length + 1, 0, 0, 0, type, ...rest))
    fc.assert(fc.property(payload, isTotal), { numRuns: 3000 })
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(7), (frame, at, bit) => {
        const wire = encodeTrackerFrame(frame)
        wire[at % wire.length]! ^= 1 << bit
        isTotal(wire)
      }),
      { numRuns: 2000 }
    )
  })

  it('[TR1] bounds what a frame may hold, and the ttl', () => {
    const announce = {
      type: 'announce',
      swarmId,
      role: 'tab',
      holder: false,
      watch: false,
      ttlMs: 2 ** 32 - 1
    } as const
    expect(framesOf(encodeTrackerFrame(announce))).toEqual([{ ...announce, ttlMs: announceTtlMsMax }])
    expect(() => framesOf(encodeTrackerFrame({ type: 'record', record: new Uint8Array(recordBytesMax + 1) }))).toThrow(
      BadFrame
    )
    const peer = { peerId: 'p' as PeerId, role: 'tab', holder: false, record: recordOf('p') } as const
    const peers = (count: number) =>
      encodeTrackerFrame({ type: 'peers', swarmId, peers: Array.from({ length: count }, () => peer) })
    expect(framesOf(peers(peersPerAnswerMax))).toHaveLength(1)
    expect(() => framesOf(peers(peersPerAnswerMax + 1))).toThrow(BadFrame)
    expect(() => decodeTrackerFrame({ type: 9, payload: new Uint8Array(0) })).toThrow(BadFrame)
    expect(decodeTrackerFrame({ type: 0x90, payload: new Uint8Array(9) })).toEqual({ type: 'unknown', code: 0x90 })
  })
})
