import { sha256 } from '@noble/hashes/sha2.js'

export const hashBytes = 32
/** Stands in for the right child that an odd last node does not have. */
export const noSibling: Uint8Array = new Uint8Array(hashBytes)

const preimage = new Uint8Array(2 * hashBytes + 1)
/** Key bits of a node: directly over leaves, and with one child only. */
const overLeaves = 1
const singleChild = 2

export interface NodeKind {
  /** Its children are leaves. */
  readonly bottom: boolean
  /** It has a left child only. */
  readonly single: boolean
}

/** SHA-256(left ‖ right ‖ key). [MT1] */
export function nodeHash(left: Uint8Array, right: Uint8Array, { bottom, single }: NodeKind): Uint8Array {
  preimage.set(left)
  preimage.set(right, hashBytes)
  preimage[2 * hashBytes] = (bottom ? overLeaves : 0) | (single ? singleChild : 0)
  return sha256(preimage)
}

/** The layer above `layer` (32 bytes a node): pairs from the left, an odd last one alone. [MT2] */
export function layerAbove(layer: Uint8Array, bottom: boolean): Uint8Array {
  const count = layer.length / hashBytes
  const above = new Uint8Array(Math.ceil(count / 2) * hashBytes)
  for (let i = 0; i < count; i += 2) {
    const single = i + 1 === count
    const right = single ? noSibling : hashAt(layer, i + 1)
    above.set(nodeHash(hashAt(layer, i), right, { bottom, single }), (i / 2) * hashBytes)
  }
  return above
}

export const hashAt = (layer: Uint8Array, index: number): Uint8Array =>
  layer.subarray(index * hashBytes, (index + 1) * hashBytes)

/** Layers above the leaves; at least one is always built. [MT3] */
export function depthOf(leafCount: number): number {
  let depth = 1
  for (let nodes = Math.ceil(leafCount / 2); nodes > 1; nodes = Math.ceil(nodes / 2)) depth++
  return depth
}
