import { bytesEqual } from '../bytes.ts'
import { depthOf, hashAt, hashBytes, nodeHash } from './node.ts'

/** Where a walk up the tree begins: a node of some layer, and how many nodes that layer has. */
export interface WalkStart {
  readonly hash: Uint8Array
  readonly index: number
  readonly nodesInLayer: number
  /** The layer is that of the leaves. */
  readonly bottom: boolean
}

/**
 * The root that a path leads to. Keys follow from index and count alone, never from the sender; where there is no
 * sibling the entry is hashed as it came, so a path that is not zero there fails. [MT4]
 */
export function rootFrom(start: WalkStart, path: Uint8Array): Uint8Array {
  let { hash, index, nodesInLayer, bottom } = start
  for (let level = 0; level < path.length / hashBytes; level++) {
    const sibling = hashAt(path, level)
    const single = index % 2 === 0 && index === nodesInLayer - 1
    hash = index % 2 === 1 ? nodeHash(sibling, hash, { bottom, single }) : nodeHash(hash, sibling, { bottom, single })
    bottom = false
    index = Math.floor(index / 2)
    nodesInLayer = Math.ceil(nodesInLayer / 2)
  }
  return hash
}

/** What is claimed of a leaf: that it stands at `index` among `leafCount`. */
export interface LeafClaim {
  readonly leaf: Uint8Array
  readonly index: number
  readonly leafCount: number
}

/** Whether a claim about a leaf is true under `root`, by a path of 32 bytes a level. Total: any input gives an answer. [MT5] */
export function verifyProof(root: Uint8Array, { leaf, index, leafCount }: LeafClaim, path: Uint8Array): boolean {
  const fits = Number.isSafeInteger(index) && index >= 0 && index < leafCount && leaf.length === hashBytes
  if (!fits || path.length !== depthOf(leafCount) * hashBytes) return false
  return bytesEqual(root, rootFrom({ hash: leaf, index, nodesInLayer: leafCount, bottom: true }, path))
}
