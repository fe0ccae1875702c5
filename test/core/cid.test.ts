import { describe, expect, it } from 'vitest'
import { base58Decode, base58Encode } from '../../src/core/block/base58.ts'
import { blockCountOf, padBlock } from '../../src/core/block/blocks.ts'
import {
  BadCid,
  blockCidOf,
  cidCodec,
  cidTextLength,
  decodeCid,
  digestOfManifestCid,
  manifestCidOf,
  parseManifestCid,
  parseTreeCid,
  rootOfTreeCid,
  treeCidOf
} from '../../src/core/block/cid.ts'
import { fc } from '../support/properties.ts'

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('CIDs', () => {
  it('[CI1] begin by their kind and have one length', () => {
    fc.assert(
      fc.property(digest, (bytes) => {
        const texts = [manifestCidOf(bytes), blockCidOf(bytes), treeCidOf(bytes)]
        expect(texts.map((text) => text.slice(0, 6))).toEqual(['zDvZRw', 'zDxWB8', 'zDzSvJ'])
        expect(texts.map((text) => text.length)).toEqual([cidTextLength, cidTextLength, cidTextLength])
        expect(digestOfManifestCid(manifestCidOf(bytes))).toEqual(bytes)
        expect(rootOfTreeCid(treeCidOf(bytes))).toEqual(bytes)
      })
    )
  })

  it('[CI2] one kind is not taken for another', () => {
    const bytes = new Uint8Array(32).fill(7)
    expect(() => parseManifestCid(treeCidOf(bytes))).toThrow(BadCid)
    expect(() => parseManifestCid(blockCidOf(bytes))).toThrow(BadCid)
    expect(() => parseTreeCid(manifestCidOf(bytes))).toThrow(BadCid)
    expect(parseManifestCid(manifestCidOf(bytes))).toBe(manifestCidOf(bytes))
  })

  it('[CI2] a long text is refused before it is decoded', () => {
    expect(() => decodeCid('z'.repeat(10_000_000))).toThrow(BadCid)
  })

  it('[CI1] a digest of another length is a mistake of the caller', () => {
    expect(() => treeCidOf(new Uint8Array(31))).toThrow(RangeError)
  })

  it('[CI2] a text that is read is the one text of its value', () => {
    fc.assert(
      fc.property(digest, fc.nat(cidTextLength - 1), fc.stringMatching(/^[ -~]$/), (bytes, at, char) => {
        const text = manifestCidOf(bytes)
        const changed = text.slice(0, at) + char + text.slice(at + 1)
        try {
          const { codec, digest: read } = decodeCid(changed)
          expect(codec).toBe(cidCodec.manifest)
          expect(manifestCidOf(read)).toBe(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(BadCid)
        }
      })
    )
  })
})

describe('base58btc', () => {
  it('gives back what it was given, zeros in front included', () => {
    expect(base58Encode(Uint8Array.of(0, 0, 1))).toBe('112')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(base58Decode(base58Encode(bytes))).toEqual(bytes)
      })
    )
  })
})

describe('blocks', () => {
  it('[CI3] the last one is filled with zeros, a whole one is left as it is', () => {
    expect(padBlock(Uint8Array.of(1, 2), 4)).toEqual(Uint8Array.of(1, 2, 0, 0))
    const whole = Uint8Array.of(1, 2, 3, 4)
    expect(padBlock(whole, 4)).toBe(whole)
    expect([1, 65_535, 65_536, 65_537].map((size) => blockCountOf(size, 65_536))).toEqual([1, 1, 1, 2])
  })
})
