import { describe, expect, it } from 'vitest'
import { hexOf } from '../../src/core/bytes.ts'
import { decodeFrame, encodeFrame, frameBytesMaxOf } from '../../src/core/exchange/codec.ts'
import { BadFrame } from '../../src/core/exchange/errors.ts'
import { FrameReader, type RawFrame } from '../../src/core/exchange/frame-reader.ts'
import type { Frame, KnownFrame } from '../../src/core/exchange/types.ts'
import { groupIndex, type PeerId, type SwarmId } from '../../src/core/ids.ts'
import { frameBytesMax, manifestBytesMax, peersToldMax, rangesPerFrameMax } from '../../src/core/limits.ts'
import { fc } from '../support/properties.ts'

const swarmId = 'ab'.repeat(32) as SwarmId

/** All frames that a stream of chunks gives. */
function framesOf(...chunks: Uint8Array[]): Frame[] {
  const reader = new FrameReader(frameBytesMaxOf)
  return chunks.flatMap((chunk) => [...reader.push(chunk)].map(decodeFrame))
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const proof = fc.option(bytes(32), { nil: undefined })
const role = fc.constantFrom('tab', 'keeper', 'program')
const ranges = fc.array(fc.record({ start: fc.nat(1e9), count: fc.integer({ min: 1, max: 1e9 }) }), { maxLength: 20 })
const risingRanges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 })), { maxLength: 20 })
  .map((steps) => {
    let end = -1
    return steps.map(([gap, count]) => {
      const start = end + gap
      end = start + count
      return { start, count }
    })
  })
const group = u32.map(groupIndex)
const code = fc.constantFrom('busy', 'not-held', 'not-serving', 'cancelled')
const blocks = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 90 }))
  .chain(([count, size]) => fc.tuple(...Array.from({ length: count }, () => bytes(size))))
const frames = fc.oneof(
  fc.record({ type: fc.constant('hello'), swarmId: bytes(32).map(hexOf), role, lane: fc.nat(255), proof }),
  fc.record({ type: fc.constant('welcome'), role, proof }),
  fc.record({
    type: fc.constant('state'),
    serving: fc.boolean(),
    complete: fc.boolean(),
    manifest: fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined }),
    ranges: risingRanges
  }),
  fc.record({ type: fc.constantFrom('have', 'gone'), ranges: risingRanges }),
  fc.record({ type: fc.constantFrom('want', 'cancel', 'suggest'), ranges }),
  fc.record({
    type: fc.constant('peers'),
    peers: fc.array(fc.record({ peerId: fc.stringMatching(/^[A-Za-z0-9]{1,80}$/), record: bytes(20) }), {
      maxLength: peersToldMax
    })
  }),
  fc.record({ type: fc.constant('want-hashes'), group }),
  fc.record({
    type: fc.constant('hashes'),
    group,
    hashes: fc.record({ leaves: fc.nat(9).chain((n) => bytes(32 * n)), path: fc.nat(9).chain((n) => bytes(32 * n)) })
  }),
  fc.record({ type: fc.constant('refuse-hashes'), group, code }),
  fc.record({ type: fc.constant('blocks'), start: u32, blocks }),
  fc.record({ type: fc.constant('refuse'), code, ranges }),
  fc.record({
    type: fc.constant('bye'),
    code: fc.constantFrom(
      'unknown-swarm',
      'bad-proof',
      'duplicate',
      'leaving',
      'protocol',
      'bad-block',
      'stalled',
      'too-many'
    )
  })
) as fc.Arbitrary<KnownFrame>

/** Cuts bytes at the given places, taken round their length. */
function cutAt(whole: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b)
  return [0, ...cuts].map((cut, i) => whole.slice(cut, cuts[i] ?? whole.length))
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))

describe('exchange frames', () => {
  it('have the bytes of the table', () => {
    const proof = new Uint8Array(32).fill(0xcd)
    const table: [KnownFrame, string][] = [
      [
        { type: 'hello', swarmId, role: 'keeper', lane: 2, proof },
        `4500000001${'01'}${'ab'.repeat(32)}010220${'cd'.repeat(32)}`
      ],
      [{ type: 'welcome', role: 'program' }, '0400000002' + '010200'],
      [
        {
          type: 'state',
          serving: true,
          complete: false,
          manifest: Uint8Array.of(1, 2),
          ranges: [{ start: 3, count: 4 }]
        },
        '1200000003' + '05' + '02000000' + '0102' + '0100' + '03000000' + '04000000'
      ],
      [{ type: 'have', ranges: [{ start: 1, count: 2 }] }, '0b00000004' + '0100' + '01000000' + '02000000'],
      [{ type: 'gone', ranges: [] }, '0300000005' + '0000'],
      [{ type: 'want-hashes', group: groupIndex(5) }, '0500000006' + '05000000'],
      [
        { type: 'hashes', group: groupIndex(1), hashes: { leaves: proof, path: proof } },
        '4800000007' + '01000000' + '0100' + 'cd'.repeat(32) + '01' + 'cd'.repeat(32)
      ],
      [{ type: 'refuse-hashes', group: groupIndex(1), code: 'not-held' }, '0600000008' + '01000000' + '01'],
      [{ type: 'want', ranges: [{ start: 9, count: 1 }] }, '0b00000009' + '0100' + '09000000' + '01000000'],
      [
        { type: 'blocks', start: 7, blocks: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] },
        '0b0000000a' + '07000000' + '0200' + '01020304'
      ],
      [{ type: 'refuse', code: 'cancelled', ranges: [] }, '040000000b' + '03' + '0000'],
      [{ type: 'cancel', ranges: [] }, '030000000c' + '0000'],
      [{ type: 'bye', code: 'stalled' }, '020000000d' + '06'],
      [
        { type: 'peers', peers: [{ peerId: 'ab' as PeerId, record: Uint8Array.of(7) }] },
        '0800000080' + '01' + '02' + '6162' + '0100' + '07'
      ],
      [{ type: 'suggest', ranges: [{ start: 1, count: 2 }] }, '0b00000081' + '0100' + '01000000' + '02000000']
    ]
    for (const [frame, hex] of table) {
      expect(hexOf(encodeFrame(frame)), frame.type).toBe(hex)
      expect(framesOf(encodeFrame(frame))).toEqual([frame])
    }
  })

  it('[EX1] [EX3] come out of the stream as they went in, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 6 }), fc.array(fc.nat(5000), { maxLength: 12 }), (sent, places) => {
        const wire = joined(sent.map(encodeFrame))
        const got = framesOf(...cutAt(wire, places))
        expect(got).toEqual(sent)
        expect(joined(got.map((frame) => encodeFrame(frame as KnownFrame)))).toEqual(wire)
      }),
      { numRuns: 400 }
    )
  })

  it('[EX3] any bytes give frames or BadFrame', () => {
    const isTotal = (chunks: readonly Uint8Array[]) => {
      try {
        framesOf(...chunks)
      } catch (error) {
        expect(error).toBeInstanceOf(BadFrame)
      }
    }
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), isTotal), { numRuns: 2000 })
    const payload = fc
      .tuple(fc.nat(20), fc.uint8Array({ maxLength: 120 }))
      .map(([type, rest]) => [Uint8Array.of(rest.length + 1, 0, 0, 0, type, ...rest)])
    fc.assert(fc.property(payload, isTotal), { numRuns: 3000 })
  })

  it('[EX3] frames that are cut or changed are refused, or are other frames that are whole', () => {
    const change = fc.record({ frame: frames, at: fc.nat(), bit: fc.nat(7), cut: fc.nat() })
    fc.assert(
      fc.property(change, ({ frame, at, bit, cut }) => {
        const wire = encodeFrame(frame)
        wire[at % wire.length]! ^= 1 << bit
        for (const bytes of [wire, wire.subarray(0, cut % wire.length)]) {
          try {
            const [read] = framesOf(bytes)
            if (read?.type === 'blocks') expect(encodeFrame(read)).toEqual(bytes.subarray(0, encodeFrame(read).length))
          } catch (error) {
            expect(error).toBeInstanceOf(BadFrame)
          }
        }
        const payload = encodeFrame(frame).subarray(5)
        const raw: RawFrame = { type: encodeFrame(frame)[4]!, payload: payload.subarray(0, cut % payload.length) }
        if (frame.type !== 'blocks') expect(() => decodeFrame(raw)).toThrow(BadFrame)
      }),
      { numRuns: 2000 }
    )
  })

  it('[EX1] blocks of a frame that lies whole in one chunk are views of it; else of one buffer', () => {
    const frame = encodeFrame({
      type: 'blocks',
      start: 0,
      blocks: [new Uint8Array(1000).fill(1), new Uint8Array(1000).fill(2)]
    })
    const chunk = joined([encodeFrame({ type: 'cancel', ranges: [] }), frame])
    const [, whole] = framesOf(chunk)
    expect(whole).toMatchObject({ type: 'blocks' })
    for (const block of (whole as Extract<Frame, { type: 'blocks' }>).blocks) expect(block.buffer).toBe(chunk.buffer)
    const [cut] = framesOf(frame.slice(0, 600), frame.slice(600))
    const [first, second] = (cut as Extract<Frame, { type: 'blocks' }>).blocks
    expect(first!.buffer).toBe(second!.buffer)
  })

  it('[EX2] a frame over its bound is refused by its head, before anything of it is kept', () => {
    const head = (length: number, type: number) =>
      Uint8Array.of(length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24, type)
    for (const [length, type] of [
      [0, 4],
      [0xffff_ffff, 10],
      [frameBytesMax + 1, 10],
      [2000, 1],
      [17_000, 4],
      [manifestBytesMax + 20_000, 3],
      [2000, 200]
    ]) {
      expect(() => framesOf(head(length!, type!)), `${length} ${type}`).toThrow(BadFrame)
      expect(
        () => framesOf(head(length!, type!).slice(0, 3), head(length!, type!).slice(3)),
        `${length} ${type}`
      ).toThrow(BadFrame)
    }
    expect(framesOf(head(frameBytesMax, 10))).toEqual([])
  })

  it('[EX2] the fullest frames that we make are within their bounds', () => {
    const many = Array.from({ length: rangesPerFrameMax }, (_, i) => ({ start: 3 * i, count: 2 }))
    const fullest: KnownFrame[] = [
      { type: 'state', serving: true, complete: false, manifest: new Uint8Array(manifestBytesMax), ranges: many },
      { type: 'have', ranges: many },
      { type: 'refuse', code: 'busy', ranges: many },
      {
        type: 'hashes',
        group: groupIndex(0),
        hashes: { leaves: new Uint8Array(512 * 32), path: new Uint8Array(32 * 32) }
      },
      { type: 'blocks', start: 0, blocks: Array.from({ length: 3 }, () => new Uint8Array(65_536)) },
      { type: 'blocks', start: 0, blocks: [new Uint8Array(512 * 1024)] }
    ]
    for (const frame of fullest) expect(framesOf(encodeFrame(frame))).toEqual([frame])
    const over = encodeFrame({ type: 'have', ranges: [...many, { start: 1e6, count: 1 }] })
    expect(() => framesOf(over)).toThrow(BadFrame)
  })

  it('[EX3] what is held has one form: ranges that fall, touch or are empty are refused', () => {
    const range = (start: number, count: number) => ({ start, count })
    for (const ranges of [
      [range(5, 1), range(1, 1)],
      [range(1, 2), range(3, 1)],
      [range(1, 5), range(2, 1)],
      [range(0, 0)],
      [range(0xffff_ffff, 2)]
    ]) {
      expect(() => framesOf(encodeFrame({ type: 'have', ranges }))).toThrow(BadFrame)
    }
    const wish = { type: 'want', ranges: [range(5, 1), range(1, 1)] } as const
    expect(framesOf(encodeFrame(wish))).toEqual([wish])
  })

  it('[EX4] frames of later versions are passed over where they may be, greetings may say more', () => {
    expect(decodeFrame({ type: 0xf0, payload: Uint8Array.of(1, 2, 3) })).toEqual({ type: 'unknown', code: 0xf0 })
    expect(() => decodeFrame({ type: 0x7f, payload: new Uint8Array(0) })).toThrow(BadFrame)
    const longer = (frame: KnownFrame): RawFrame => ({
      type: encodeFrame(frame)[4]!,
      payload: joined([encodeFrame(frame).subarray(5), Uint8Array.of(1, 2)])
    })
    const hello = { type: 'hello', swarmId, role: 'tab', lane: 0, proof: undefined } as const
    expect(decodeFrame(longer(hello))).toEqual(hello)
    expect(() => decodeFrame(longer({ type: 'cancel', ranges: [] }))).toThrow(BadFrame)
    const newer = encodeFrame(hello)
    newer[5] = 2
    expect(() => framesOf(newer)).toThrow(BadFrame)
  })
})
