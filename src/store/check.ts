import type { BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import { blockBytesMax, blockBytesMin, blockCountMax, setIdBytesMax } from '../core/limits.ts'
import { groupCountOf, groupLevels, leavesInGroup, type HashGroup } from '../core/merkle/group.ts'
import { depthOf, hashBytes } from '../core/merkle/node.ts'
import { BadStoreCall } from './errors.ts'
import type { ItemRecord, PlacedBlock, SetShape } from './types.ts'

const isWithin = (n: number, low: number, high: number): boolean => Number.isInteger(n) && n >= low && n <= high

/** Throws BadStoreCall for an id that cannot be a key or a file name. [ST3] */
export function checkSetId(set: SetId): void {
  const sizeBytes = new TextEncoder().encode(set).length
  if (!isWithin(sizeBytes, 1, setIdBytesMax)) throw new BadStoreCall('The id of a data set is empty or too long.')
}

/** Throws BadStoreCall for a shape outside the limits. [ST3] */
export function checkShape({ blockCount, blockBytes }: SetShape): void {
  const fits = isWithin(blockCount, 0, blockCountMax) && isWithin(blockBytes, blockBytesMin, blockBytesMax)
  if (!fits) throw new BadStoreCall(`${blockCount} blocks of ${blockBytes} bytes are outside the limits.`)
}

/** Throws BadStoreCall unless both shapes are the same. [ST2] */
export function checkSameShape(known: SetShape, asked: SetShape): void {
  const same = known.blockCount === asked.blockCount && known.blockBytes === asked.blockBytes
  if (!same) throw new BadStoreCall('The data set exists in another shape.')
}

/** Throws BadStoreCall unless each block lies in the set and is one whole block. [ST3] */
export function checkBlocks(shape: SetShape, blocks: readonly PlacedBlock[]): void {
  for (const { index, bytes } of blocks) {
    if (!isWithin(index, 0, shape.blockCount - 1)) {
      throw new BadStoreCall(`Block ${index} is not among ${shape.blockCount}.`, { index })
    }
    if (bytes.length !== shape.blockBytes) {
      throw new BadStoreCall(`Block ${index} has ${bytes.length} bytes, not ${shape.blockBytes}.`, { index })
    }
  }
}

/** Throws BadStoreCall unless the run lies in the set. [ST3] */
export function checkRange(shape: SetShape, { start, count }: BlockRange): void {
  const fits = isWithin(start, 0, shape.blockCount) && isWithin(count, 0, shape.blockCount - start)
  if (!fits) throw new BadStoreCall(`${count} blocks from ${start} are not among ${shape.blockCount}.`)
}

/** Bytes that the leaves and the path of a group have in a set of so many blocks. */
export function groupSizes(blockCount: number, group: GroupIndex): { leavesBytes: number; pathBytes: number } {
  const pathLevels = Math.max(0, depthOf(blockCount) - groupLevels)
  return { leavesBytes: leavesInGroup(blockCount, group) * hashBytes, pathBytes: pathLevels * hashBytes }
}

/** Throws BadStoreCall unless the set has such a group. [ST3] */
export function checkGroup({ blockCount }: SetShape, group: GroupIndex): void {
  if (!isWithin(group, 0, groupCountOf(blockCount) - 1))
    throw new BadStoreCall(`There is no group ${group}.`, { group })
}

/** Throws BadStoreCall unless the set has such a group and its hashes have the length that belongs to it. [ST3] */
export function checkHashes(shape: SetShape, group: GroupIndex, { leaves, path }: HashGroup): void {
  checkGroup(shape, group)
  const { leavesBytes, pathBytes } = groupSizes(shape.blockCount, group)
  if (leaves.length !== leavesBytes || path.length !== pathBytes) {
    throw new BadStoreCall(`The hashes of group ${group} have a wrong length.`, { group })
  }
}

/** The item with bytes of its own, since keeping a view keeps the whole buffer behind it. Throws BadStoreCall for a bad id. */
export function checkedItem(item: ItemRecord): ItemRecord {
  checkSetId(item.id)
  const { manifest, secret, metPeers } = item
  return {
    ...item,
    manifest: manifest && new Uint8Array(manifest),
    secret: secret && new Uint8Array(secret),
    metPeers: metPeers?.map((peer) => ({ ...peer, record: new Uint8Array(peer.record) }))
  }
}
