import { expect, it } from 'vitest'
import {
  encodeCidBytes,
  cidCodec,
  manifestCidBytes,
  manifestCidOf,
  rootOfTreeCid,
  treeCidOf
} from '../../src/core/block/cid.ts'
import { bytesOfHex, hexOf, joinBytes } from '../../src/core/bytes.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { hashAt, hashBytes } from '../../src/core/merkle/node.ts'
import { ProtoWriter } from '../../src/core/proto/proto.ts'
import vectors from '../vectors/codex.json' with { type: 'json' }
import { contentOf, hashed, type Hashed, sha256 } from '../support/codex-content.ts'

/*
 * Quire speaks its own exchange. These frames of Codex' exchange are put together here from Quire's trees, proofs,
 * CIDs and manifests, to show that the parts are those a Codex node sends and expects.
 */
const { exchange } = vectors
const frame = (what: string) => exchange.frames.find((each) => each.what.startsWith(what))!

function little(sizeBytes: 1 | 2 | 4 | 8, value: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0, rest = value; i < sizeBytes; i++, rest = Math.floor(rest / 256)) bytes[i] = rest % 256
  return bytes
}

const sized = (sizeBytes: 2 | 4, bytes: Uint8Array) => joinBytes(little(sizeBytes, bytes.length), bytes)
const typed = (type: number, ...payload: Uint8Array[]) => sized(4, joinBytes(little(1, type), ...payload))

async function example(): Promise<Hashed & { treeCid: Uint8Array }> {
  const made = await hashed(await contentOf(exchange.content), exchange.blockSize)
  return { ...made, treeCid: encodeCidBytes(cidCodec.tree, made.tree.root) }
}

const addressOf = (treeCid: Uint8Array, index: number) => new ProtoWriter().bytes(1, treeCid).uint(2, index).finish()

function controlWanting(treeCid: Uint8Array, cancel: 0 | 1): Uint8Array {
  const entry = new ProtoWriter().bytes(1, addressOf(treeCid, 0)).uint(2, 0).uint(3, cancel).uint(4, 0)
  entry.uint(5, 0).uint(6, 3).uint(7, 5)
  const list = new ProtoWriter().bytes(1, entry.finish()).uint(2, 0).finish()
  return typed(0, new ProtoWriter().bytes(1, list).finish())
}

function controlTelling(address: Uint8Array, kind: number, ranges: readonly [number, number][]): Uint8Array {
  const presence = new ProtoWriter().bytes(1, address).uint(2, kind)
  for (const [start, count] of ranges) presence.bytes(3, new ProtoWriter().uint(1, start).uint(2, count).finish())
  const list = new ProtoWriter().uint(2, 0).finish()
  return typed(0, new ProtoWriter().bytes(1, list).bytes(4, presence.uint(4, 5).finish()).finish())
}

/** One block's part of a response's meta: index, CID, length, proof. */
function blockMeta({ tree, blocks }: Hashed, index: number): Uint8Array {
  const path = tree.proof(index)
  const nodes = Array.from({ length: path.length / hashBytes }, (_, level) => sized(2, hashAt(path, level)))
  const head = [little(8, 0x12), little(8, index), little(8, tree.leafCount), little(4, nodes.length)]
  const cid = encodeCidBytes(cidCodec.block, hashAt(tree.leaves, index))
  return joinBytes(
    little(8, index),
    sized(2, cid),
    little(4, blocks[index]!.length),
    sized(2, joinBytes(...head, ...nodes))
  )
}

export function codexFramesSuite(): void {
  it('the example data set', async () => {
    expect(treeCidOf((await example()).tree.root)).toBe(exchange.treeCid)
  })

  it('control frames', async () => {
    const { treeCid } = await example()
    const first = addressOf(treeCid, 0)
    expect(hexOf(controlWanting(treeCid, 0))).toBe(frame('control frame: ask').hex)
    const ranges: [number, number][] = [
      [0, 1],
      [2, 1]
    ]
    expect(hexOf(controlTelling(first, 1, ranges))).toBe(frame('control frame: presence, ranges').hex)
    expect(hexOf(controlTelling(first, 2, []))).toBe(frame('control frame: presence complete').hex)
    expect(hexOf(controlTelling(addressOf(treeCid, 1), 0, []))).toBe(frame("control frame: don't have").hex)
    expect(hexOf(controlWanting(treeCid, 1))).toBe(frame('control frame: cancel').hex)
  })

  it('requests and responses, with the binary form of proofs', async () => {
    const made = await example()
    const request = [little(8, 7), sized(2, made.treeCid)]
    const ranges = [0, 2].flatMap((start) => [little(8, start), little(8, 1)])
    expect(hexOf(typed(1, ...request, little(4, 2), ...ranges))).toBe(frame('WantBlocks request 7').hex)
    expect(hexOf(typed(2, sized(4, joinBytes(...request, little(4, 0)))))).toBe(
      frame('WantBlocks response 7: nothing').hex
    )

    const vector = frame('WantBlocks response 7: blocks')
    const meta = sized(4, joinBytes(...request, little(4, 2), ...[0, 2].map((index) => blockMeta(made, index))))
    const response = typed(2, meta, made.blocks[0]!, made.blocks[2]!)
    expect(hexOf(response.subarray(0, vector.headHex!.length / 2))).toBe(vector.headHex)
    expect(response.length).toBe(vector.frameLength)
    expect(hexOf(await sha256(response))).toBe(vector.frameSha256)
  })

  it('the manifest, asked for and given', async () => {
    const { tree } = await example()
    const fields = {
      treeCid: treeCidOf(tree.root),
      blockBytes: exchange.blockSize,
      datasetBytes: exchange.content.length
    }
    const texts = { fileName: 'three.bin', mimeType: 'application/octet-stream' }
    const manifest = encodeManifest({ ...fields, ...texts }, '0.4')
    const cid = manifestCidOf(await sha256(manifest))
    expect(cid).toBe(exchange.manifestCid)
    expect(rootOfTreeCid(fields.treeCid)).toEqual(tree.root)
    expect(hexOf(sized(2, manifestCidBytes(cid)))).toBe(frame('manifest request').hex)
    expect(hexOf(sized(4, joinBytes(little(1, 0), manifest)))).toBe(frame('manifest response, found').hex)
    expect(hexOf(sized(4, little(1, 1)))).toBe(frame('manifest response, not found').hex)
  })

  it('the protobuf form of a proof', async () => {
    const { tree } = await example()
    const { index, hex } = exchange.proofProtobuf
    const proof = new ProtoWriter().uint(1, 0x12).uint(2, index).uint(3, tree.leafCount)
    const path = tree.proof(index)
    for (let level = 0; level * hashBytes < path.length; level++) {
      proof.bytes(4, new ProtoWriter().bytes(1, hashAt(path, level)).finish())
    }
    expect(proof.finish()).toEqual(bytesOfHex(hex))
  })
}
