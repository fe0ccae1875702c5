import { describe, expect, it } from 'vitest'
import { EmptyContent } from '../../src/core/block/blocks.ts'
import {
  BadCid,
  blockCidOf,
  cidCodec,
  decodeCid,
  decodeCidBytes,
  encodeCid,
  encodeCidBytes,
  manifestCidOf,
  parseTreeCid,
  rootOfTreeCid,
  treeCidOf
} from '../../src/core/block/cid.ts'
import { bytesOfHex, hexOf } from '../../src/core/bytes.ts'
import {
  BadManifest,
  decodeManifest,
  encodeManifest,
  type ManifestWire,
  NewerManifest
} from '../../src/core/manifest/manifest.ts'
import { hashAt, hashBytes } from '../../src/core/merkle/node.ts'
import { verifyProof } from '../../src/core/merkle/proof.ts'
import { treeOf } from '../../src/core/merkle/tree.ts'
import { utf8Encode } from '../../src/core/proto/utf8.ts'
import vectors from '../vectors/codex.json' with { type: 'json' }
import { contentOf, hashed, sha256 } from '../support/codex-content.ts'
import { codexFramesSuite } from './codex-frames.ts'

const hex = (text: string): Uint8Array => bytesOfHex(text)!
const wireOf = (name: string): ManifestWire => name.replace(/^v/, '') as ManifestWire
const cidOfManifest = async (bytes: Uint8Array) => manifestCidOf(await sha256(bytes))

const pathOf = (nodes: readonly string[]): Uint8Array => hex(nodes.join(''))

/** Forms that cannot be told apart are read as the oldest. */
const oldestOf = (names: string): ManifestWire => wireOf(names.split(' or ')[0]!)

interface ManifestVector {
  readonly treeCid: string
  readonly blockSize: number
  readonly size: number | string
  readonly filename?: string | null
  readonly mimetype?: string | null
}

const fieldsOf = (vector: ManifestVector) => ({
  treeCid: parseTreeCid(vector.treeCid),
  blockBytes: vector.blockSize,
  datasetBytes: BigInt(vector.size),
  fileName: vector.filename ?? undefined,
  mimeType: vector.mimetype ?? undefined
})

async function expectManifest(vector: ManifestVector, wire: ManifestWire, bytesHex: string, cid: string) {
  const bytes = encodeManifest(fieldsOf(vector), wire)
  expect(hexOf(bytes)).toBe(bytesHex)
  expect(await cidOfManifest(bytes)).toBe(cid)
  if (BigInt(vector.size) > BigInt(Number.MAX_SAFE_INTEGER)) {
    expect(() => decodeManifest(bytes)).toThrow(BadManifest)
    return
  }
  expect(decodeManifest(bytes)).toMatchObject({
    ...fieldsOf(vector),
    datasetBytes: Number(vector.size),
    isProtected: false
  })
}

function cidSuite(): void {
  it.each(vectors.cids)('[CI1] bytes and text of $text', ({ codec, digest, bytes, text }) => {
    const known = Object.values(cidCodec).find((each) => each === codec)!
    expect(hexOf(encodeCidBytes(known, hex(digest)))).toBe(bytes)
    expect(encodeCid(known, hex(digest))).toBe(text)
    expect(decodeCid(text)).toEqual({ codec, digest: hex(digest) })
    expect(decodeCidBytes(hex(bytes))).toEqual({ codec, digest: hex(digest) })
  })

  it.each(vectors.badCids)('[CI2] refuses a CID: $why', ({ text }) => {
    expect(() => decodeCid(text)).toThrow(BadCid)
  })
}

function treeSuite(): void {
  it('[CI4] empty content has no tree', () => {
    expect(vectors.emptyContent.expect).toBe('error')
    expect(() => treeOf(new Uint8Array(0))).toThrow(EmptyContent)
  })

  it.each(vectors.merkle.trees)('[MT1] [MT2] [MT3] root and proofs of $leaves leaves', (vector) => {
    const leaves = new Uint8Array(vector.leaves * hashBytes)
    for (let i = 0; i < vector.leaves; i++)
      leaves.set(utf8Encode(String(i + 1).padStart(hashBytes, '0')), i * hashBytes)
    const tree = treeOf(leaves)
    expect(hexOf(tree.root)).toBe(vector.root)
    expect(treeCidOf(tree.root)).toBe(vector.treeCid)
    for (const { index, path } of vector.proofs) {
      expect(hexOf(tree.proof(index))).toBe(path.join(''))
      const claim = { leaf: hashAt(leaves, index), index, leafCount: vector.leaves }
      expect(verifyProof(hex(vector.root), claim, pathOf(path))).toBe(true)
    }
  })
}

function datasetSuite(): void {
  it.each(vectors.official)('[MF1] published: $name', async (vector) => {
    const { tree } = await hashed(await contentOf(vector.content), vector.blockSize)
    expect(tree.leafCount).toBe(vector.blockCount)
    expect(treeCidOf(tree.root)).toBe(vector.treeCid)
    await expectManifest(vector, wireOf(vector.wire), vector.manifestHex, vector.manifestCid)
  })

  it.each(vectors.officialManifestOnly)('[MF1] published: $name', async (vector) => {
    await expectManifest(vector, wireOf(vector.wire), vector.manifestHex, vector.manifestCid)
  })

  it.each(vectors.datasets)('[CI3] [MT5] [MF1] data set: $name', async (vector) => {
    const content = await contentOf(vector.content)
    expect(content.length).toBe(vector.size)
    expect(hexOf(await sha256(content))).toBe(vector.contentSha256)
    const { tree, blocks } = await hashed(content, vector.blockSize)
    expect(blocks.length).toBe(vector.blockCount)
    expect(hexOf(tree.root)).toBe(vector.root)
    expect(treeCidOf(tree.root)).toBe(vector.treeCid)
    for (const { index, cid } of vector.blocks) expect(blockCidOf(await sha256(blocks[index]!))).toBe(cid)
    for (const { index, leaf, path } of vector.proofs) {
      expect(hexOf(hashAt(tree.leaves, index))).toBe(leaf)
      expect(hexOf(tree.proof(index))).toBe(path.join(''))
      expect(verifyProof(tree.root, { leaf: hex(leaf), index, leafCount: tree.leafCount }, pathOf(path))).toBe(true)
    }
    for (const [wire, { hex: bytes, cid }] of Object.entries(vector.manifests)) {
      await expectManifest(vector, wireOf(wire), bytes, cid)
    }
  })

  it.each(vectors.manifestOnly)('[MF1] [MF6] manifest of a large data set: $name', async (vector) => {
    expect(hexOf(rootOfTreeCid(parseTreeCid(vector.treeCid)))).toBe(vector.root)
    for (const [wire, { hex: bytes, cid }] of Object.entries(vector.manifests)) {
      await expectManifest(vector, wireOf(wire), bytes, cid)
    }
  })
}

function oddManifestSuite(): void {
  it.each(vectors.badManifests)('[MF5] refuses a manifest: $why', ({ hex: bytes }) => {
    const thrown = thrownBy(() => decodeManifest(hex(bytes)))
    expect(thrown instanceof BadManifest || thrown instanceof NewerManifest).toBe(true)
  })

  it.each(vectors.oddManifests)('[MF4] reads a manifest: $why', async (vector) => {
    const bytes = hex(vector.hex)
    const manifest = decodeManifest(bytes)
    expect(manifest).toMatchObject({ ...fieldsOf(vector), datasetBytes: Number(vector.size) })
    expect(manifest.wire).toBe(oldestOf(vector.wire))
    expect(manifest.isProtected).toBe(vector.protected ?? false)
    expect(await cidOfManifest(bytes)).toBe(vector.cid)
  })
}

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

/** Every vector of Codex' formats, for any runtime that has WebCrypto. */
export function codexVectorsSuite(): void {
  describe('Codex vectors: CIDs', cidSuite)
  describe('Codex vectors: trees', treeSuite)
  describe('Codex vectors: data sets', datasetSuite)
  describe('Codex vectors: unusual manifests', oddManifestSuite)
  describe('Codex vectors: exchange', codexFramesSuite)
}
