import { describe, expect, it } from 'vitest'
import { EmptyContent } from '../../src/core/block/blocks.ts'
import { groupIndex } from '../../src/core/ids.ts'
import { groupLeaves } from '../../src/core/limits.ts'
import { BadHashGroup, groupCountOf, type HashGroup, leavesInGroup, verifyGroup } from '../../src/core/merkle/group.ts'
import { depthOf, hashAt, hashBytes, nodeHash } from '../../src/core/merkle/node.ts'
import { verifyProof } from '../../src/core/merkle/proof.ts'
import { TreeBuilder, treeOf } from '../../src/core/merkle/tree.ts'

/** Distinct leaves, cheap to make. */
function leavesOf(count: number): Uint8Array {
  const leaves = new Uint8Array(count * hashBytes)
  const view = new DataView(leaves.buffer)
  for (let i = 0; i < count; i++) view.setUint32(i * hashBytes, i * 2_654_435_761)
  return leaves
}

/** The tree as its definition says it, one object a node: slow, and independent of the code under test. */
function plainRoot(leaves: Uint8Array): Uint8Array {
  let layer = Array.from({ length: leaves.length / hashBytes }, (_, i) => hashAt(leaves, i))
  let bottom = true
  do {
    const above: Uint8Array[] = []
    for (let i = 0; i < layer.length; i += 2) {
      const right = layer[i + 1]
      above.push(nodeHash(layer[i]!, right ?? new Uint8Array(hashBytes), { bottom, single: right === undefined }))
    }
    layer = above
    bottom = false
  } while (layer.length > 1)
  return layer[0]!
}

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice()
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}

/** Some bits of every hash: the first and last of the whole, and one of each hash in between. */
const someBits = (bytes: Uint8Array): number[] =>
  Array.from({ length: bytes.length / hashBytes }, (_, i) => i * 256 + ((i * 89) % 256))

const counts = [1, 2, 3, 5, 511, 512, 513, 1023, 1024, 1025, 1537, 4096, 5000]

describe('Merkle tree', () => {
  it.each(counts)('[MT2] [MT3] the root of %i leaves is that of the definition', (count) => {
    const leaves = leavesOf(count)
    expect(treeOf(leaves).root).toEqual(plainRoot(leaves))
  })

  it('[MT3] has at least one layer above the leaves, and none without leaves', () => {
    expect([1, 2, 3, 4, 5, 8, 9, 512, 513].map(depthOf)).toEqual([1, 1, 2, 2, 3, 3, 4, 9, 10])
    expect(() => treeOf(new Uint8Array(0))).toThrow(EmptyContent)
  })

  it.each(counts)(
    '[MT4] [MT5] proofs among %i leaves hold, and for their own leaf, index and count only',
    (leafCount) => {
      const leaves = leavesOf(leafCount)
      const tree = treeOf(leaves)
      for (const index of new Set([0, leafCount >> 1, leafCount - 1])) {
        const leaf = hashAt(leaves, index)
        const path = tree.proof(index)
        expect(verifyProof(tree.root, { leaf, index, leafCount }, path)).toBe(true)
        expect(verifyProof(tree.root, { leaf, index: index + 1, leafCount }, path)).toBe(false)
        expect(verifyProof(tree.root, { leaf: flipped(leaf, 7), index, leafCount }, path)).toBe(false)
        expect(verifyProof(tree.root, { leaf, index, leafCount }, path.subarray(hashBytes))).toBe(false)
        expect(verifyProof(tree.root, { leaf, index, leafCount: leafCount * 2 }, path)).toBe(false)
        for (const bit of someBits(path)) {
          expect(verifyProof(tree.root, { leaf, index, leafCount }, flipped(path, bit))).toBe(false)
        }
      }
    }
  )

  it('[MT5] a claim out of bounds is false, never an exception', () => {
    const tree = treeOf(leavesOf(5))
    const leaf = hashAt(tree.leaves, 0)
    for (const index of [-1, 5, 0.5, NaN, 2 ** 40]) {
      expect(verifyProof(tree.root, { leaf, index, leafCount: 5 }, tree.proof(0))).toBe(false)
    }
    expect(verifyProof(tree.root, { leaf: leaf.subarray(1), index: 0, leafCount: 5 }, tree.proof(0))).toBe(false)
    expect(() => tree.proof(5)).toThrow(RangeError)
  })

  it('[MT7] is built from leaves as they come', () => {
    const leaves = leavesOf(700)
    const builder = new TreeBuilder(700)
    for (let i = 0; i < 700; i++) builder.append(hashAt(leaves, i))
    expect(builder.finish().root).toEqual(treeOf(leaves).root)
    expect(() => builder.append(hashAt(leaves, 0))).toThrow(RangeError)
    expect(() => new TreeBuilder(2).finish()).toThrow(RangeError)
  })
})

describe('hash groups', () => {
  it.each(counts)('[MT6] every group of %i leaves leads to the root', (leafCount) => {
    const tree = treeOf(leavesOf(leafCount))
    expect(groupCountOf(leafCount)).toBe(Math.ceil(leafCount / groupLeaves))
    let leaves = 0
    for (let i = 0; i < groupCountOf(leafCount); i++) {
      const group = tree.group(groupIndex(i))
      expect(group.leaves.length).toBe(leavesInGroup(leafCount, groupIndex(i)) * hashBytes)
      leaves += group.leaves.length / hashBytes
      verifyGroup(tree.root, leafCount, groupIndex(i), group)
    }
    expect(leaves).toBe(leafCount)
  })

  it.each(counts)('[MT6] among %i leaves any changed bit is refused', (leafCount) => {
    const tree = treeOf(leavesOf(leafCount))
    for (const i of new Set([0, groupCountOf(leafCount) - 1])) {
      const { leaves, path } = tree.group(groupIndex(i))
      const refuses = (group: HashGroup) =>
        expect(() => verifyGroup(tree.root, leafCount, groupIndex(i), group)).toThrow(BadHashGroup)
      for (const bit of someBits(leaves).slice(-40)) refuses({ leaves: flipped(leaves, bit), path })
      for (const bit of someBits(path)) refuses({ leaves, path: flipped(path, bit) })
      refuses({ leaves: leaves.subarray(hashBytes), path })
      refuses({ leaves: leaves.subarray(1), path })
      refuses({ leaves, path: new Uint8Array(path.length + hashBytes) })
      expect(() => verifyGroup(flipped(tree.root, 3), leafCount, groupIndex(i), { leaves, path })).toThrow(BadHashGroup)
    }
  })

  it('[MT6] a group is refused in the place of another, and where there is none', () => {
    const tree = treeOf(leavesOf(1536))
    const group = tree.group(groupIndex(0))
    for (const i of [1, 2, 3, -1, 0.5]) {
      expect(() => verifyGroup(tree.root, 1536, groupIndex(i), group)).toThrow(BadHashGroup)
    }
    expect(() => tree.group(groupIndex(3))).toThrow(RangeError)
    expect(new BadHashGroup(groupIndex(0))).toMatchObject({ code: 'bad-hash-group', fault: 'peer' })
  })

  it('[MT6] a group made for a tree of another size is refused', () => {
    const tree = treeOf(leavesOf(1025))
    expect(() => verifyGroup(tree.root, 5000, groupIndex(0), tree.group(groupIndex(0)))).toThrow(BadHashGroup)
    expect(() => verifyGroup(tree.root, 0, groupIndex(0), tree.group(groupIndex(0)))).toThrow(BadHashGroup)
  })
})
