import { manifestCidOf, treeCidOf } from '../../src/core/block/cid.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import { groupIndex, type ManifestCid, type PeerId } from '../../src/core/ids.ts'
import { encodeManifest } from '../../src/core/manifest/manifest.ts'
import { groupCountOf, type HashGroup } from '../../src/core/merkle/group.ts'
import { treeOf } from '../../src/core/merkle/tree.ts'
import type { SwarmOptions } from '../../src/core/swarm/types.ts'
import { seededBytes } from './seeded.ts'
import { sha256 } from './sha256.ts'

/** A data set with all that its holder has. */
export interface Content {
  readonly cid: ManifestCid
  readonly manifest: Uint8Array
  readonly blockCount: number
  readonly blocks: readonly Uint8Array[]
  readonly groups: readonly HashGroup[]
}

export function contentOf(blockCount: number, { seed = 1, blockBytes = 1024 } = {}): Content {
  const blocks = Array.from({ length: blockCount }, (_, i) => seededBytes(seed * 1_000_003 + i, blockBytes))
  const leaves = new Uint8Array(blockCount * 32)
  blocks.forEach((block, i) => leaves.set(sha256(block), i * 32))
  const tree = treeOf(leaves)
  const fields = { treeCid: treeCidOf(tree.root), blockBytes, datasetBytes: blockCount * blockBytes }
  const manifest = encodeManifest(fields, '0.4')
  const groups = Array.from({ length: groupCountOf(blockCount) }, (_, i) => tree.group(groupIndex(i)))
  return { cid: manifestCidOf(sha256(manifest)), manifest, blockCount, blocks, groups }
}

/** How one peer of a world differs from an honest, quick one that holds nothing. */
export interface NodeOptions extends Partial<SwarmOptions> {
  /** What its disk holds at first: nothing, everything, or these. */
  readonly has?: 'nothing' | 'everything' | readonly number[]
  /** Asks for nothing but what readers wish. */
  readonly isReluctant?: boolean
  /** Changes or swallows what it sends. */
  readonly sends?: (frame: KnownFrame, to: PeerId) => KnownFrame | undefined
  /** Bytes a millisecond of each lane from it. */
  readonly pace?: number
  /** All its lanes share one line of its pace. */
  readonly line?: { freeAtMs: number }
  /** How long it takes to reach another, or to see that it cannot be reached: the world's latency where absent. */
  readonly dialMs?: (to: PeerId) => number
  /** Further lanes cannot be opened. */
  readonly isNarrow?: boolean
  /** It comes so late to what is due. */
  readonly lateMs?: number
  readonly storeMs?: number
  readonly storeFails?: () => boolean
  /** Whether its disk fails to give what it holds, which it is asked for now. */
  readonly readFails?: () => boolean
}
