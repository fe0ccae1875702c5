import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { manifestCidOf } from '../../../src/core/block/cid.ts'
import { BadFrame } from '../../../src/core/exchange/errors.ts'
import { FrameReader, optionalTypes, type RawFrame } from '../../../src/core/exchange/frame-reader.ts'
import type { PeerId, SwarmId } from '../../../src/core/ids.ts'
import { keepFrameBytesMax } from '../../../src/core/limits.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../../src/core/keep/codec.ts'
import { makeReceipt, readReceipt } from '../../../src/core/keep/receipt.ts'
import { makeTerms, readTerms } from '../../../src/core/keep/terms.ts'
import type { KnownKeepFrame } from '../../../src/core/keep/types.ts'
import { fc } from '../../support/properties.ts'
import { seededBytes } from '../../support/seeded.ts'

const swarmId = 'ab'.repeat(32) as SwarmId
const manifestCid = manifestCidOf(seededBytes(1, 32))
const rawOf = (bytes: Uint8Array): RawFrame => [...new FrameReader(keepFrameBytesMax).push(bytes)][0]!
const offer = { manifestCid, swarmId, sizeBytes: 5e12, termMs: 86_400_000, owner: seededBytes(3, 32) }

const frames: KnownKeepFrame[] = [
  { type: 'offer', offer: { ...offer, swarmKey: seededBytes(2, 32), token: seededBytes(4, 64) } },
  { type: 'offer', offer: { ...offer, swarmKey: undefined, token: undefined } },
  { type: 'accepted', swarmId, receipt: seededBytes(5, 180) },
  { type: 'refused', swarmId, code: 'term-too-long' },
  { type: 'refused', swarmId, code: 'invitation-revoked' },
  { type: 'refused', swarmId, code: 'invitation-ended' },
  { type: 'refused', swarmId, code: 'invitation-unknown' },
  { type: 'ask-status', swarmId },
  { type: 'status', swarmId, state: 'coming', heldBytes: 4_294_967_297, untilMs: 1_800_000_000_000 },
  { type: 'release', swarmId, ownerKey: seededBytes(6, 32) },
  { type: 'ask-terms' },
  { type: 'terms', terms: seededBytes(7, 130) }
]

describe('frames of the keep protocol', () => {
  it.each(frames)('$type comes back as it was sent', (frame) => {
    expect(decodeKeepFrame(rawOf(encodeKeepFrame(frame)))).toEqual(frame)
  })

  it('[KE1] any bytes give a frame or BadFrame', () => {
    const corpus = frames.map((frame) => rawOf(encodeKeepFrame(frame)))
    const near = fc
      .tuple(fc.constantFrom(...corpus), fc.nat(), fc.nat(255), fc.nat(300))
      .map(([raw, at, byte, cut]) => {
        const payload = raw.payload.slice(0, cut)
        if (payload.length > 0) payload[at % payload.length] = byte
        return { type: raw.type, payload }
      })
    const wild = fc.record({ type: fc.nat(255), payload: fc.uint8Array({ maxLength: 300 }) })
    fc.assert(
      fc.property(fc.oneof(near, wild), (raw) => {
        try {
          decodeKeepFrame(raw)
        } catch (error) {
          expect(error).toBeInstanceOf(BadFrame)
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it('[KE31] why an invitation does not count is said in a frame that earlier versions pass over, with room for more', () => {
    const raw = rawOf(encodeKeepFrame({ type: 'refused', swarmId, code: 'invitation-revoked' }))
    expect(raw.type).toBeGreaterThanOrEqual(optionalTypes)
    const later = { ...raw, payload: raw.payload.with(32, 9) }
    expect(decodeKeepFrame(later)).toEqual({ type: 'unknown', code: raw.type })
    expect(() => decodeKeepFrame({ ...raw, payload: raw.payload.subarray(0, 32) })).toThrow(BadFrame)
  })

  it('[KE1] a number that is not exact is refused', () => {
    const raw = rawOf(encodeKeepFrame(frames.find(({ type }) => type === 'status')!))
    raw.payload.fill(0xff, 33, 41)
    expect(() => decodeKeepFrame(raw)).toThrow(BadFrame)
  })

  it('a frame of a later version is passed over, one that must be understood is not', () => {
    expect(decodeKeepFrame({ type: 200, payload: new Uint8Array(9) })).toEqual({ type: 'unknown', code: 200 })
    expect(() => decodeKeepFrame({ type: 100, payload: new Uint8Array(9) })).toThrow(BadFrame)
  })
})

describe('a receipt', () => {
  it('[KE6] is checked by anybody who knows the keeper: any change of it shows', async () => {
    const key = await generateKeyPair('Ed25519')
    const keeper = peerIdFromPrivateKey(key).toString() as PeerId
    const promised = {
      keeper,
      manifestCid,
      sizeBytes: 6_553_600,
      fromMs: 1_800_000_000_000,
      untilMs: 1_802_592_000_000
    }
    const bytes = await makeReceipt(promised, (text) => key.sign(text))
    const receipt = readReceipt(bytes)
    expect(receipt).toMatchObject(promised)
    expect(receipt.publicKey).toEqual(key.publicKey.raw)
    expect(await key.publicKey.verify(receipt.signed, receipt.signature)).toBe(true)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at]! ^= 1
      const isGood = async (): Promise<boolean> => {
        const { signed, signature, publicKey } = readReceipt(changed)
        return (await key.publicKey.verify(signed, signature)) && Buffer.from(publicKey).equals(key.publicKey.raw)
      }
      await expect(isGood().catch(() => false)).resolves.toBe(false)
    }
  })

  it('[KE1] any bytes give a receipt or BadFrame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(() => readReceipt(bytes)).toThrow(BadFrame)
      })
    )
  })
})

describe('terms', () => {
  it('[KE21] are signed by their keeper, and no receipt', async () => {
    const key = await generateKeyPair('Ed25519')
    const keeper = peerIdFromPrivateKey(key).toString() as PeerId
    const terms = { dataSetBytesMax: 2 ** 40, termMsMax: 86_400_000, invited: true }
    const bytes = await makeTerms(keeper, terms, (text) => key.sign(text))
    const read = readTerms(bytes)
    expect(read).toMatchObject({ ...terms, keeper })
    expect(await key.publicKey.verify(read.signed, read.signature)).toBe(true)
    expect(() => readReceipt(bytes)).toThrow(BadFrame)
    expect(() => readTerms(bytes.subarray(1))).toThrow(BadFrame)
    const other = readTerms(bytes.with(2 + keeper.length, 9))
    expect(await key.publicKey.verify(other.signed, other.signature)).toBe(false)
  })
})
