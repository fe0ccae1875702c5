import { EmptyContent } from '../block/blocks.ts'
import type { GroupIndex } from '../ids.ts'
import { groupLeaves } from '../limits.ts'
import { groupCountOf, groupLevels, type HashGroup, leavesInGroup } from './group.ts'
import { hashAt, hashBytes, layerAbove } from './node.ts'

/** A whole tree in memory, each layer as one array: layer 0 holds the leaves. */
export class Tree {
  readonly leafCount: number
  readonly #layers: readonly Uint8Array[]

  constructor(layers: readonly Uint8Array[]) {
    this.#layers = layers
    this.leafCount = layers[0]!.length / hashBytes
  }

  get root(): Uint8Array {
    return this.#layers.at(-1)!.slice()
  }

  get leaves(): Uint8Array {
    return this.#layers[0]!
  }

  /** Siblings of the way up from a leaf, bottom to top; 32 zero bytes where there is none. [MT5] */
  proof(index: number): Uint8Array {
    if (!Number.isInteger(index) || index < 0 || index >= this.leafCount) throw new RangeError(`no leaf ${index}`)
    return this.#path(0, index)
  }

  /** Leaves of a group and the way from its subtree to the root. [MT6] */
  group(group: GroupIndex): HashGroup {
    if (!Number.isInteger(group) || group < 0 || group >= groupCountOf(this.leafCount))
      throw new RangeError(`no group ${group}`)
    const start = group * groupLeaves
    const leaves = this.leaves.slice(start * hashBytes, (start + leavesInGroup(this.leafCount, group)) * hashBytes)
    return { leaves, path: this.#path(groupLevels, group) }
  }

  #path(fromLayer: number, index: number): Uint8Array {
    const depth = this.#layers.length - 1
    const path = new Uint8Array(Math.max(0, depth - fromLayer) * hashBytes)
    let at = index
    for (let layer = fromLayer; layer < depth; layer++) {
      const sibling = at ^ 1
      const nodes = this.#layers[layer]!
      if (sibling * hashBytes < nodes.length) path.set(hashAt(nodes, sibling), (layer - fromLayer) * hashBytes)
      at >>= 1
    }
    return path
  }
}

/** `leaves`: 32 bytes each, in order, taken over; none at all throws EmptyContent. [MT3] */
export function treeOf(leaves: Uint8Array): Tree {
  if (leaves.length === 0) throw new EmptyContent()
  if (leaves.length % hashBytes !== 0) throw new RangeError('a leaf has 32 bytes')
  const layers = [leaves]
  do layers.push(layerAbove(layers.at(-1)!, layers.length === 1))
  while (layers.at(-1)!.length > hashBytes)
  return new Tree(layers)
}

/** Gathers leaf hashes as blocks are hashed: 32 bytes a block, whatever the size. */
export class TreeBuilder {
  readonly #leaves: Uint8Array
  #count = 0

  constructor(leafCount: number) {
    this.#leaves = new Uint8Array(leafCount * hashBytes)
  }

  append(leaf: Uint8Array): void {
    if (leaf.length !== hashBytes) throw new RangeError('a leaf has 32 bytes')
    this.#leaves.set(leaf, this.#count++ * hashBytes)
  }

  finish(): Tree {
    if (this.#count * hashBytes !== this.#leaves.length) throw new RangeError('not every leaf was given')
    return treeOf(this.#leaves)
  }
}
