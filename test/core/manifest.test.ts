import { describe, expect, it } from 'vitest'
import { treeCidOf } from '../../src/core/block/cid.ts'
import { hexOf } from '../../src/core/bytes.ts'
import { blockBytes, blockCountMax, manifestBytesMax } from '../../src/core/limits.ts'
import {
  BadFileName,
  BadManifest,
  decodeManifest,
  encodeManifest,
  type ManifestWire,
  NewerManifest
} from '../../src/core/manifest/manifest.ts'
import { ProtoWriter } from '../../src/core/proto/proto.ts'

const wires: readonly ManifestWire[] = ['2025', '0.3', '0.4']
const fields = { treeCid: treeCidOf(new Uint8Array(32).fill(5)), blockBytes, datasetBytes: 70_000 }

describe('manifests', () => {
  it.each(wires)('[MF1] [MF3] wire %s gives back what was written', (wire) => {
    const named = { ...fields, fileName: 'Ünïcode 名.txt', mimeType: 'text/plain' }
    const manifest = decodeManifest(encodeManifest(named, wire))
    expect(manifest).toMatchObject({ ...named, wire, isProtected: false, blockCount: 2 })
    expect(manifest.root).toEqual(new Uint8Array(32).fill(5))
  })

  it('[MF1] every wire has an address of its own where a name is given', () => {
    const texts = wires.map((wire) => hexOf(encodeManifest({ ...fields, fileName: 'a' }, wire)))
    expect(new Set(texts).size).toBe(3)
  })

  it('[MF2] a name or type that no other node takes is refused by its writer', () => {
    for (const fileName of ['a/b', 'a\nb', 'ä'.repeat(128)]) {
      expect(() => encodeManifest({ ...fields, fileName }, '0.4')).toThrow(BadFileName)
    }
    expect(() => encodeManifest({ ...fields, mimeType: `a/${'b'.repeat(127)}` }, '0.4')).toThrow(BadFileName)
    expect(decodeManifest(encodeManifest({ ...fields, fileName: 'ä'.repeat(127) }, '0.4')).fileName).toHaveLength(127)
  })

  it('[MF3] more than 64 KiB is refused before it is read', () => {
    const valid = encodeManifest(fields, '0.4')
    const filler = new ProtoWriter().bytes(15, new Uint8Array(manifestBytesMax)).finish()
    const long = new Uint8Array(valid.length + filler.length)
    long.set(valid)
    long.set(filler, valid.length)
    expect(() => decodeManifest(long)).toThrow(BadManifest)
  })

  it('[MF3] thousands of tiny fields are refused', () => {
    const header = new ProtoWriter()
    for (let i = 0; i < 1000; i++) header.uint(15, 1)
    expect(() => decodeManifest(new ProtoWriter().bytes(1, header.finish()).finish())).toThrow(BadManifest)
  })

  it('[MF6] more blocks than any store holds are refused', () => {
    const bytes = encodeManifest({ ...fields, datasetBytes: blockBytes * blockCountMax }, '0.4')
    expect(decodeManifest(bytes).blockCount).toBe(blockCountMax)
    const over = encodeManifest({ ...fields, datasetBytes: blockBytes * blockCountMax + 1 }, '0.4')
    expect(() => decodeManifest(over)).toThrow(BadManifest)
  })

  it('[MF5] a later version says so', () => {
    const bytes = encodeManifest(fields, '0.4')
    bytes[3] = 1
    expect(() => decodeManifest(bytes)).toThrow(NewerManifest)
    expect(new NewerManifest()).toMatchObject({ code: 'newer-version', fault: 'user' })
  })
})
