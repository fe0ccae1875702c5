import { bytesEqual } from '../bytes.ts'
import { QuireError } from '../errors.ts'
import type { GroupIndex } from '../ids.ts'
import { groupLeaves } from '../limits.ts'
import { depthOf, hashBytes, layerAbove } from './node.ts'
import { rootFrom } from './proof.ts'

/** Leaf hashes of up to 512 consecutive blocks, with the path that leads from their subtree to the root. */
export interface HashGroup {
  /** 32 bytes a leaf, in block order. */
  readonly leaves: Uint8Array
  /** 32 bytes a level, bottom to top, from the group's subtree to below the root; empty when the group is the whole tree. */
  readonly path: Uint8Array
}

/** Layers of a full group's subtree: 2⁹ = 512 leaves. */
export const groupLevels = Math.log2(groupLeaves)

export class BadHashGroup extends QuireError {
  readonly code = 'bad-hash-group'
  readonly fault = 'peer'
  readonly retryable = true
  constructor(group: GroupIndex) {
    super(`The hashes of group ${group} do not belong to this data set.`, { group })
  }
}

export const groupCountOf = (leafCount: number): number => Math.ceil(leafCount / groupLeaves)

export const leavesInGroup = (leafCount: number, group: GroupIndex): number =>
  Math.min(groupLeaves, leafCount - group * groupLeaves)

/** Throws BadHashGroup unless the leaves, by way of the path, lead to `root`. [MT6] */
export function verifyGroup(root: Uint8Array, leafCount: number, group: GroupIndex, hashes: HashGroup): void {
  const depth = depthOf(leafCount)
  const levels = Math.min(groupLevels, depth)
  const fits =
    Number.isInteger(group) &&
    group >= 0 &&
    group < groupCountOf(leafCount) &&
    hashes.leaves.length === leavesInGroup(leafCount, group) * hashBytes &&
    hashes.path.length === (depth - levels) * hashBytes
  if (!fits) throw new BadHashGroup(group)
  let layer = hashes.leaves
  for (let level = 0; level < levels; level++) layer = layerAbove(layer, level === 0)
  const nodesInLayer = Math.ceil(leafCount / 2 ** levels)
  const reached = rootFrom({ hash: layer, index: group, nodesInLayer, bottom: false }, hashes.path)
  if (!bytesEqual(root, reached)) throw new BadHashGroup(group)
}
