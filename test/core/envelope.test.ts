import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { manifestCidOf, parseManifestCid, treeCidOf } from '../../src/core/block/cid.ts'
import { bytesOfHex, hexOf } from '../../src/core/bytes.ts'
import { counterAt } from '../../src/core/envelope/counter.ts'
import { decodeEnvelope, type EnvelopeInput, headerBytesOf, planEnvelope } from '../../src/core/envelope/envelope.ts'
import {
  BadEnvelope,
  EmptyContent,
  NamesTooLong,
  NewerEnvelope,
  TooLarge,
  TooManyFiles
} from '../../src/core/envelope/errors.ts'
import { deriveKeys, plainSwarmId } from '../../src/core/envelope/keys.ts'
import { formatLink, parseLink } from '../../src/core/link/link.ts'
import { blockBytes, blockCountMax, indexFilesMax } from '../../src/core/limits.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { ProtoWriter } from '../../src/core/proto/proto.ts'
import { utf8Encode } from '../../src/core/proto/utf8.ts'
import { fc } from '../support/properties.ts'
import { hashed } from '../support/codex-content.ts'
import vectors from '../vectors/envelope.json' with { type: 'json' }

const fileOf = (path: string, sizeBytes = 1): EnvelopeInput => ({ path, sizeBytes, mimeType: '', modifiedAtMs: 0 })
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

type Vector = (typeof vectors.sealed)[number]
const contentsOf = (vector: Vector) => vector.files.map(({ content }) => utf8Encode(content.text.repeat(content.times)))

/** Plaintext as the plan lays it out. */
function plaintextOf(vector: Vector): Uint8Array {
  const contents = contentsOf(vector)
  const inputs = vector.files.map((file, i) => ({ ...file, sizeBytes: contents[i]!.length }))
  const plan = planEnvelope(inputs.toReversed())
  const plaintext = new Uint8Array(plan.datasetBytes)
  plaintext.set(plan.header)
  for (const { sourceIndex, offsetBytes } of plan.files) {
    const content = contents.toReversed()[sourceIndex]!
    if (content.length > 0) plaintext.set(content, offsetBytes)
  }
  return plaintext
}

async function encrypt(contentKey: Uint8Array, offsetBytes: number, bytes: Uint8Array): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey('raw', contentKey as Uint8Array<ArrayBuffer>, 'AES-CTR', false, ['encrypt'])
  const algorithm = { name: 'AES-CTR', counter: counterAt(offsetBytes) as Uint8Array<ArrayBuffer>, length: 64 }
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, bytes as Uint8Array<ArrayBuffer>))
}

describe.each(vectors.sealed)('sealed vector: $name', (vector) => {
  const secret = bytesOfHex(vector.secret)!

  it('[EN2] [EN3] keys and ids', () => {
    const keys = deriveKeys(secret)
    expect(hexOf(keys.contentKey)).toBe(vector.contentKey)
    expect(keys.swarmId).toBe(vector.swarmId)
    expect(hexOf(keys.swarmKey)).toBe(vector.swarmKey)
    expect(plainSwarmId(parseManifestCid(vector.manifestCid))).toBe(vector.plainSwarmId)
  })

  it('[EN1] [EN5] plaintext, whatever the order of the files given', () => {
    const plaintext = plaintextOf(vector)
    expect(hexOf(plaintext.subarray(0, vector.head.length / 2))).toBe(vector.head)
    expect(plaintext.length).toBe(vector.datasetBytes)
    expect(hexOf(sha256(plaintext))).toBe(vector.plaintextSha256)
  })

  it('[EN4] ciphertext, address and link', async () => {
    const ciphertext = await encrypt(deriveKeys(secret).contentKey, 0, plaintextOf(vector))
    expect(hexOf(ciphertext.subarray(0, 64))).toBe(vector.ciphertextStart)
    expect(hexOf(sha256(ciphertext))).toBe(vector.ciphertextSha256)
    const treeCid = treeCidOf((await hashed(ciphertext, blockBytes)).tree.root)
    expect(treeCid).toBe(vector.treeCid)
    const manifest = encodeManifest({ treeCid, blockBytes, datasetBytes: vector.datasetBytes }, '0.4')
    const manifestCid = manifestCidOf(sha256(manifest))
    expect(manifestCid).toBe(vector.manifestCid)
    expect(formatLink('https://quire.example', { manifestCid, secret, relays: vector.relays })).toBe(vector.link)
    expect(parseLink(vector.link)).toEqual({ manifestCid, secret, relays: vector.relays })
  })

  it('[EN4] any block is sealed and opened alone', async () => {
    const plaintext = plaintextOf(vector)
    const { contentKey } = deriveKeys(secret)
    const second = await encrypt(contentKey, blockBytes, plaintext.subarray(blockBytes))
    expect(hexOf(second.subarray(0, 16))).toBe(
      hexOf(bytesOfHex(vector.ciphertextSecondBlockStart)!.subarray(0, second.length))
    )
    const decipher = createDecipheriv('aes-256-ctr', contentKey, counterAt(blockBytes))
    expect(new Uint8Array(decipher.update(second))).toEqual(plaintext.subarray(blockBytes))
  })

  it('[EN8] the index is read from the first bytes', () => {
    const plaintext = plaintextOf(vector)
    const headerBytes = headerBytesOf(plaintext.subarray(0, blockBytes))
    const contents = contentsOf(vector)
    const files = decodeEnvelope(plaintext.subarray(0, headerBytes), plaintext.length)
    expect(files.map(({ path, mimeType, modifiedAtMs }) => ({ path, mimeType, modifiedAtMs }))).toEqual(
      vector.files.map(({ path, mimeType, modifiedAtMs }) => ({ path, mimeType, modifiedAtMs }))
    )
    files.forEach(({ offsetBytes, sizeBytes }, i) => {
      expect(plaintext.slice(offsetBytes, offsetBytes + sizeBytes)).toEqual(contents[i])
    })
  })
})

describe('keys', () => {
  it('[EN2] are those of HKDF-SHA-256, and unlike each other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (secret) => {
        const keys = deriveKeys(secret)
        const expected = (label: string) => new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), label, 32))
        expect(keys.contentKey).toEqual(expected('quire content v1'))
        expect(keys.swarmId).toBe(hexOf(expected('quire swarm id v1')))
        expect(keys.swarmKey).toEqual(expected('quire swarm key v1'))
        expect(new Set([hexOf(keys.contentKey), keys.swarmId, hexOf(keys.swarmKey)]).size).toBe(3)
      })
    )
  })

  it('[EN4] the counter counts AES blocks, also beyond 2³² of them', () => {
    expect(hexOf(counterAt(0))).toBe('0'.repeat(32))
    expect(hexOf(counterAt(65_536))).toBe('00000000000000000000000000001000')
    expect(hexOf(counterAt(2 ** 40))).toBe('00000000000000000000001000000000')
    expect(() => counterAt(8)).toThrow(RangeError)
  })
})

describe('layout', () => {
  it('[EN1] every file begins on a block, in the order of paths, and nothing overlaps', () => {
    const sizes = [0, 1, blockBytes - 1, blockBytes, blockBytes + 1, 10 * blockBytes]
    const plan = planEnvelope(sizes.map((size, i) => fileOf(`${9 - i}`, size)))
    expect(plan.files.map((file) => file.path)).toEqual(['4', '5', '6', '7', '8', '9'])
    expect(plan.files.map((file) => file.sourceIndex)).toEqual([5, 4, 3, 2, 1, 0])
    let end = plan.header.length
    for (const file of plan.files) {
      expect(file.offsetBytes % blockBytes).toBe(0)
      expect(file.offsetBytes).toBe(Math.ceil(end / blockBytes) * blockBytes)
      end = file.offsetBytes + file.sizeBytes
    }
    expect(plan.datasetBytes).toBe(plan.files[4]!.offsetBytes + 1)
  })

  it('[EN1] 10,000 files fit, and come back as they were planned', () => {
    const inputs = Array.from({ length: 10_000 }, (_, i) => fileOf(`photos/${i % 100}/Ünïcode picture ${i}.jpeg`, i))
    const plan = planEnvelope(inputs)
    const files = decodeEnvelope(plan.header, plan.datasetBytes)
    expect(files).toEqual(plan.files.map(({ sourceIndex: _, ...file }) => file))
    expect(plan.files.every((file) => inputs[file.sourceIndex]!.path === file.path)).toBe(true)
  })

  it('[EN1] what is read is what was planned, for any names and sizes', () => {
    const input = fc.record({
      path: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.string({ unit: fc.constantFrom('a', 'A', '/', '.', ' ', 'é'), maxLength: 8 })
      ),
      sizeBytes: fc.nat(3 * blockBytes),
      mimeType: fc.constantFrom('', 'text/plain', 'text/plain; charset=utf-8', 'a\r\nb: c/d'),
      modifiedAtMs: fc.oneof(fc.nat(), fc.constant(NaN), fc.double())
    })
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 20 }), (inputs) => {
        fc.pre(inputs.some((each) => each.sizeBytes > 0))
        const plan = planEnvelope(inputs)
        expect(decodeEnvelope(plan.header, plan.datasetBytes)).toEqual(
          plan.files.map(({ sourceIndex: _, ...file }) => file)
        )
      })
    )
  })

  it('[EN1] nothing to share, too many files and too many bytes are told apart', () => {
    expect(() => planEnvelope([])).toThrow(EmptyContent)
    expect(() => planEnvelope([fileOf('a', 0), fileOf('b', 0)])).toThrow(EmptyContent)
    expect(() => planEnvelope(Array.from({ length: indexFilesMax + 1 }, () => fileOf('a')))).toThrow(TooManyFiles)
    expect(() => planEnvelope([fileOf('a', blockBytes * blockCountMax)])).toThrow(TooLarge)
    expect(new EmptyContent()).toMatchObject({ code: 'empty-content', fault: 'user', retryable: false })
  })

  it('[EN1] names that are together too long are refused', { timeout: 30_000 }, () => {
    const folder = `${'x'.repeat(240)}/`.repeat(4)
    expect(() => planEnvelope(Array.from({ length: 17_500 }, (_, i) => fileOf(`${folder}${i}`)))).toThrow(NamesTooLong)
  })
})

describe('foreign headers', () => {
  const plan = planEnvelope([fileOf('a', 10), fileOf('b', 20)])

  function headerWith(entries: readonly Uint8Array[]): Uint8Array {
    const index = new ProtoWriter()
    for (const entry of entries) index.bytes(1, entry)
    const bytes = index.finish()
    const header = new Uint8Array(Math.ceil((10 + bytes.length) / blockBytes) * blockBytes)
    header.set(utf8Encode('QUIRE\u0001'))
    new DataView(header.buffer).setUint32(6, bytes.length, true)
    header.set(bytes, 10)
    return header
  }
  const entry = (path: string, size: number, offset: number, mimeType = '') =>
    new ProtoWriter().text(1, path).uint(2, size).text(3, mimeType).uint(4, 0).uint(5, offset).finish()

  it('[EN8] another key or another format is refused, a later version says so', () => {
    expect(() => headerBytesOf(new Uint8Array(blockBytes))).toThrow(BadEnvelope)
    expect(() => headerBytesOf(utf8Encode('QUIRE'))).toThrow(BadEnvelope)
    const newer = plan.header.slice()
    newer[5] = 2
    expect(() => headerBytesOf(newer)).toThrow(NewerEnvelope)
    expect(() => decodeEnvelope(newer, plan.datasetBytes)).toThrow(NewerEnvelope)
    const long = plan.header.slice()
    long.fill(0xff, 6, 10)
    expect(() => headerBytesOf(long)).toThrow(BadEnvelope)
  })

  it('[EN8] a header that is cut is refused', () => {
    const big = planEnvelope(Array.from({ length: 3000 }, (_, i) => fileOf(`file number ${i} with a long name`)))
    expect(headerBytesOf(big.header)).toBe(big.header.length)
    expect(big.header.length).toBeGreaterThan(blockBytes)
    expect(() => decodeEnvelope(big.header.subarray(0, blockBytes), big.datasetBytes)).toThrow(BadEnvelope)
  })

  it('[EN9] files that overlap, lie outside or off a block are refused', () => {
    const size = 10 * blockBytes
    const bad = [
      [entry('a', 10, 0), entry('b', 10, 0)],
      [entry('a', blockBytes + 1, 0), entry('b', 10, blockBytes)],
      [entry('a', 10, blockBytes), entry('b', 10, 0)],
      [entry('a', 10, 1)],
      [entry('a', 9 * blockBytes + 1, 0)],
      [entry('a', 1, 9 * blockBytes)],
      [entry('a', 0, 100 * blockBytes)],
      [Uint8Array.of(0xff)],
      []
    ]
    for (const entries of bad) expect(() => decodeEnvelope(headerWith(entries), size)).toThrow(BadEnvelope)
    expect(decodeEnvelope(headerWith([entry('a', 9 * blockBytes, 0)]), size)).toHaveLength(1)
  })

  it('[EN6] [EN7] foreign names and types are made harmless', () => {
    const header = headerWith([
      entry('../../etc/passwd', 1, 0, 'text/html\r\nset-cookie: x'),
      entry('/ETC/passwd', 1, blockBytes, 'image/png'),
      entry('CON.txt', 1, 2 * blockBytes, 'Text/HTML; charset=utf-8')
    ])
    const files = decodeEnvelope(header, 10 * blockBytes)
    expect(files.map((file) => file.path)).toEqual(['etc/passwd', 'ETC/passwd (2)', '_CON.txt'])
    expect(files.map((file) => file.mimeType)).toEqual(['', 'image/png', 'Text/HTML; charset=utf-8'])
  })
})
