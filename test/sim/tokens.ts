import { manifestCidOf, treeCidOf } from '../../src/core/block/cid.ts'
import { groupIndex, type ManifestCid } from '../../src/core/ids.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { groupCountOf, type HashGroup } from '../../src/core/merkle/group.ts'
import { treeOf } from '../../src/core/merkle/tree.ts'
import { sha256 } from '../support/sha256.ts'

/**
 * A data set whose blocks are tokens: each is an array of its own, all over one buffer, so that ten thousand peers can
 * hold it. Hashing is an effect of the machine, and the answer to it is looked up here: the digests, the tree and the
 * manifest are real, a token has the digest of the block that it stands for, and anything else has a wrong one.
 */
export class Tokens {
  readonly cid: ManifestCid
  readonly manifest: Uint8Array
  readonly blockCount: number
  readonly blockBytes: number
  readonly blocks: readonly Uint8Array[]
  readonly groups: readonly HashGroup[]
  /** What a liar sends. */
  readonly junk: Uint8Array
  readonly #digests = new Map<Uint8Array, Uint8Array>()
  readonly #wrong = new Uint8Array(32).fill(0xee)

  constructor(blockCount: number, blockBytes: number, seed = 1) {
    const buffer = new ArrayBuffer(blockBytes)
    const leaves = new Uint8Array(blockCount * 32)
    this.blockCount = blockCount
    this.blockBytes = blockBytes
    this.junk = new Uint8Array(buffer)
    this.blocks = Array.from({ length: blockCount }, (_, index) => {
      const block = new Uint8Array(buffer)
      const digest = sha256(Uint8Array.of(seed, index, index >> 8, index >> 16, index >> 24))
      leaves.set(digest, index * 32)
      this.#digests.set(block, digest)
      return block
    })
    const tree = treeOf(leaves)
    const datasetBytes = blockCount * blockBytes
    this.manifest = encodeManifest({ treeCid: treeCidOf(tree.root), blockBytes, datasetBytes }, '0.4')
    this.cid = manifestCidOf(sha256(this.manifest))
    this.groups = Array.from({ length: groupCountOf(blockCount) }, (_, i) => tree.group(groupIndex(i)))
  }

  get bytes(): number {
    return this.blockCount * this.blockBytes
  }

  digestOf(block: Uint8Array): Uint8Array {
    return this.#digests.get(block) ?? this.#wrong
  }
}
