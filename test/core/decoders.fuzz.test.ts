import { describe, expect, it } from 'vitest'
import { BadCid, decodeCid, decodeCidBytes, encodeCid, encodeCidBytes, treeCidOf } from '../../src/core/block/cid.ts'
import { base64urlOf, bytesOfBase64url, bytesOfHex, hexOf } from '../../src/core/bytes.ts'
import { decodeEnvelope, headerBytesOf, planEnvelope } from '../../src/core/envelope/envelope.ts'
import { BadEnvelope, NewerEnvelope } from '../../src/core/envelope/errors.ts'
import { groupIndex } from '../../src/core/ids.ts'
import { blockBytes } from '../../src/core/limits.ts'
import { LinkError, parseLink } from '../../src/core/link/link.ts'
import {
  BadManifest,
  decodeManifest,
  encodeManifest,
  type ManifestWire,
  NewerManifest
} from '../../src/core/manifest/manifest.ts'
import { BadHashGroup, verifyGroup } from '../../src/core/merkle/group.ts'
import { hashBytes } from '../../src/core/merkle/node.ts'
import { verifyProof } from '../../src/core/merkle/proof.ts'
import { ProtoWriter, readProto } from '../../src/core/proto/proto.ts'
import { utf8Decode, utf8Encode, utf8Length } from '../../src/core/proto/utf8.ts'
import { fc } from '../support/properties.ts'
import codex from '../vectors/codex.json' with { type: 'json' }
import envelopes from '../vectors/envelope.json' with { type: 'json' }

/** Runs `act`; whatever it throws must be one of `errors`. Undefined when it threw. */
function orTyped<T>(act: () => T, ...errors: (abstract new (...args: never[]) => Error)[]): T | undefined {
  try {
    return act()
  } catch (error) {
    if (!errors.some((each) => error instanceof each)) throw error
    return undefined
  }
}

/** Any bytes, or true ones with some changed, cut, doubled or put in. */
function bytesNear(corpus: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ kind: fc.nat(3), at: fc.nat(), byte: fc.nat(255), count: fc.nat(8) })
  const mutated = fc.tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: 6 })).map(([bytes, changes]) =>
    changes.reduce<Uint8Array>((now, { kind, at, byte, count }) => {
      const place = at % (now.length + 1)
      const list = [...now]
      if (kind === 0) list[place] = byte
      if (kind === 1) list.splice(place)
      if (kind === 2) list.splice(place, count)
      if (kind === 3) list.splice(place, 0, ...new Array<number>(count).fill(byte))
      return Uint8Array.from(list)
    }, bytes)
  )
  return fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) }, { weight: 3, arbitrary: mutated })
}

const hex = (text: string): Uint8Array => bytesOfHex(text)!
const manifestCorpus = [
  ...codex.official.map((vector) => hex(vector.manifestHex)),
  ...codex.oddManifests.map((vector) => hex(vector.hex)),
  ...codex.badManifests.map((vector) => hex(vector.hex))
]
const runs = { numRuns: 2_000 }

describe('decoders, for any bytes', { timeout: 30_000 }, () => {
  it('[CI2] CIDs: the value that encodes to these bytes, or BadCid', () => {
    fc.assert(
      fc.property(bytesNear(codex.cids.map((cid) => hex(cid.bytes))), (bytes) => {
        const cid = orTyped(() => decodeCidBytes(bytes), BadCid)
        if (cid) expect(encodeCidBytes(cid.codec, cid.digest)).toEqual(bytes)
      }),
      runs
    )
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...codex.badCids.map((bad) => bad.text))), (text) => {
        const cid = orTyped(() => decodeCid(text), BadCid)
        if (cid) expect(encodeCid(cid.codec, cid.digest)).toBe(text)
      }),
      runs
    )
  })

  it('[MF3] manifests: within bounds, or a typed error', () => {
    fc.assert(
      fc.property(bytesNear(manifestCorpus), (bytes) => {
        const manifest = orTyped(() => decodeManifest(bytes), BadManifest, NewerManifest)
        if (!manifest) return
        expect(manifest.datasetBytes).toBeGreaterThan(0)
        expect(manifest.blockCount).toBe(Math.ceil(manifest.datasetBytes / manifest.blockBytes))
        expect(treeCidOf(manifest.root)).toBe(manifest.treeCid)
      }),
      runs
    )
  })

  it('[MF1] [MF4] manifests: what is written is read', () => {
    const record = fc.record({
      digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      datasetBytes: fc.integer({ min: 1, max: 2 ** 41 }),
      power: fc.integer({ min: 12, max: 19 }),
      fileName: fc.stringMatching(/^[ -.0-~ß-ɏ]{1,60}$/u),
      mimeType: fc.constantFrom('text/plain', 'image/png'),
      wire: fc.constantFrom<ManifestWire>('2025', '0.3', '0.4')
    })
    fc.assert(
      fc.property(record, ({ digest, power, wire, ...rest }) => {
        const fields = {
          ...rest,
          treeCid: treeCidOf(digest),
          blockBytes: 2 ** power,
          datasetBytes: Math.min(rest.datasetBytes, 2 ** (power + 26))
        }
        expect(decodeManifest(encodeManifest(fields, wire))).toMatchObject({ ...fields, wire, root: digest })
      })
    )
  })

  it('[EN8] [EN9] envelopes: files within the data set, or a typed error', () => {
    const corpus = envelopes.sealed.map((vector) => hex(vector.head))
    fc.assert(
      fc.property(bytesNear(corpus), fc.integer({ min: 1, max: 2 ** 40 }), (start, datasetBytes) => {
        const headerBytes = orTyped(() => headerBytesOf(start), BadEnvelope, NewerEnvelope)
        if (headerBytes === undefined || headerBytes > 2 * blockBytes) return
        const header = new Uint8Array(headerBytes)
        header.set(start.subarray(0, headerBytes))
        let end = headerBytes
        for (const file of orTyped(() => decodeEnvelope(header, datasetBytes), BadEnvelope) ?? []) {
          expect(file.offsetBytes).toBeGreaterThanOrEqual(end)
          end = file.offsetBytes + file.sizeBytes
          if (file.sizeBytes > 0) expect(end).toBeLessThanOrEqual(datasetBytes)
          expect(new Date(file.modifiedAtMs).getTime()).toBe(file.modifiedAtMs)
        }
      }),
      runs
    )
  })

  it('[EN8] an index of tiny fields costs no more than its bound', () => {
    const { header } = planEnvelope([{ path: 'a', sizeBytes: 1, mimeType: '', modifiedAtMs: 0 }])
    const bytes = new Uint8Array(16 * 1024 * 1024)
    bytes.set(header.subarray(0, 6))
    const indexBytes = bytes.length - blockBytes
    new DataView(bytes.buffer).setUint32(6, indexBytes, true)
    for (let at = 10; at < indexBytes; at += 2) bytes[at] = 0x0a
    expect(() => decodeEnvelope(bytes, bytes.length)).toThrow(BadEnvelope)
  })

  it('[LI3] [LI4] links: a link or a LinkError, for any text', () => {
    const link = envelopes.sealed[1]!.link
    const change = fc.tuple(fc.nat(link.length), fc.nat(4), fc.string({ maxLength: 4 }))
    const near = fc
      .array(change, { maxLength: 4 })
      .map((changes) =>
        changes.reduce((text, [at, count, put]) => text.slice(0, at) + put + text.slice(at + count), link)
      )
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), near), (text) => {
        orTyped(() => parseLink(text), LinkError)
      }),
      runs
    )
  })

  it('[MT5] [MT6] proofs and hash groups: an answer, or BadHashGroup', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(600).map((count) => new Uint8Array(count * hashBytes))
    )
    const number = fc.oneof(fc.nat(2000), fc.double(), fc.integer())
    fc.assert(
      fc.property(bytes, bytes, number, fc.nat(2000), (leaves, path, index, leafCount) => {
        const root = new Uint8Array(hashBytes)
        expect(verifyProof(root, { leaf: leaves, index, leafCount }, path)).toBe(false)
        expect(() => verifyGroup(root, leafCount, groupIndex(index), { leaves, path })).toThrow(BadHashGroup)
      })
    )
  })
})

describe('texts and numbers', () => {
  it('protobuf fields come back as they were written, whatever the bytes no exception', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 2 ** 29 - 1 }),
        fc.string(),
        (value, number, text) => {
          const fields = readProto(new ProtoWriter().uint(number, value).text(number, text.toWellFormed()).finish(), 2)!
          expect(fields[0]).toEqual({ number, value })
          expect(utf8Decode(fields[1]!.bytes!)).toBe(text.toWellFormed())
        }
      )
    )
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readProto(bytes, 10)))
  })

  it('a message with more fields than allowed is none', () => {
    const bytes = new ProtoWriter().uint(1, 1).uint(1, 1).finish()
    expect(readProto(bytes, 2)).toHaveLength(2)
    expect(readProto(bytes, 1)).toBeUndefined()
  })

  it('UTF-8 is that of the platform', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = utf8Encode(text)
        expect(bytes).toEqual(new TextEncoder().encode(text))
        expect(utf8Length(text)).toBe(bytes.length)
      })
    )
    const near = bytesNear([utf8Encode('aé名😀\u0000\ufeff')])
    fc.assert(
      fc.property(near, (bytes) => {
        const expected = orTyped(() => strict.decode(bytes), TypeError)
        expect(utf8Decode(bytes)).toBe(expected)
      }),
      runs
    )
  })

  it('base64url and hex: one text for each value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(base64urlOf(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(bytesOfBase64url(base64urlOf(bytes))).toEqual(bytes)
        expect(bytesOfHex(hexOf(bytes))).toEqual(bytes)
      })
    )
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[A-Za-z0-9_-]{0,9}$/), (any, near) => {
        for (const text of [any, near]) {
          const bytes = bytesOfBase64url(text)
          if (bytes) expect(base64urlOf(bytes)).toBe(text)
        }
      })
    )
    expect(bytesOfHex('abc')).toBeUndefined()
    expect(bytesOfHex('zz')).toBeUndefined()
  })
})
