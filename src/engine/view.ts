import type { Bitmap } from '../core/block/bitmap.ts'
import type { SetId } from '../core/ids.ts'
import { leavesDrawnMax } from '../core/limits.ts'
import type { ItemView, LeavesView } from './types.ts'

export const noLeaves: LeavesView = { blocksPerLeaf: 1, levels: new Uint8Array(0), owners: new Uint8Array(0) }

/** What is shown of an item of which nothing is known yet. */
export function emptyView(id: SetId): ItemView {
  return {
    id,
    origin: 'added',
    kind: 'sealed',
    state: 'adding',
    title: '',
    fileCount: 0,
    mimeType: '',
    contentBytes: 0,
    totalBytes: 0,
    doneBytes: 0,
    blockCount: 0,
    doneBlocks: 0,
    rateBytesPerSecond: 0,
    peers: [],
    otherCopies: 0,
    leaves: noLeaves,
    can: [],
    createdAtMs: 0
  }
}

/** Blocks a leaf stands for: the smallest power of two that needs at most `leavesDrawnMax` leaves. */
export function blocksPerLeaf(blockCount: number): number {
  let blocks = 1
  while (Math.ceil(blockCount / blocks) > leavesDrawnMax) blocks *= 2
  return blocks
}

/** Draws what is held as leaves. `ownerOf` names the pigment of the peer that sent a block, 0 for none. */
export function leavesOf(held: Bitmap, ownerOf: (index: number) => number): LeavesView {
  const perLeaf = blocksPerLeaf(held.size)
  const count = Math.ceil(held.size / perLeaf)
  const levels = new Uint8Array(count)
  const owners = new Uint8Array(count)
  const tally = new Uint32Array(9)
  for (let leaf = 0; leaf < count; leaf++) {
    const start = leaf * perLeaf
    const end = Math.min(held.size, start + perLeaf)
    tally.fill(0)
    let here = 0
    for (let index = start; index < end; index++) {
      if (!held.has(index)) continue
      here++
      tally[ownerOf(index)]!++
    }
    levels[leaf] = Math.floor((here / (end - start)) * 255)
    owners[leaf] = here === 0 ? 0 : tally.indexOf(Math.max(...tally))
  }
  return { blocksPerLeaf: perLeaf, levels, owners }
}
