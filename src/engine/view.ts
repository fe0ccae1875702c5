import type { Bitmap, BlockRange } from '../core/block/bitmap.ts'
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

/** Draws what is held as leaves, and draws anew only those that changed: a large data set has many blocks. */
export class LeavesDrawing {
  #held: Bitmap | undefined
  #perLeaf = 1
  /** Blocks held of each leaf, as drawn. */
  #counts = new Int32Array(0)
  #levels = new Uint8Array(0)
  #owners = new Uint8Array(0)

  /** `ownerOf` names the pigment of the peer that sent a block, 0 for none. */
  draw(held: Bitmap, ownerOf: (index: number) => number): LeavesView {
    if (held !== this.#held) this.#begin(held)
    this.#counts.forEach((drawn, leaf) => {
      const range = this.#rangeOf(held, leaf)
      const here = held.countIn(range)
      if (here === drawn) return
      this.#counts[leaf] = here
      this.#levels[leaf] = Math.floor((here / range.count) * 255)
      this.#owners[leaf] = here === 0 ? 0 : mostCommonOwner(held, range, ownerOf)
    })
    return { blocksPerLeaf: this.#perLeaf, levels: this.#levels.slice(), owners: this.#owners.slice() }
  }

  #begin(held: Bitmap): void {
    this.#held = held
    this.#perLeaf = blocksPerLeaf(held.size)
    const leaves = Math.ceil(held.size / this.#perLeaf)
    this.#counts = new Int32Array(leaves).fill(-1)
    this.#levels = new Uint8Array(leaves)
    this.#owners = new Uint8Array(leaves)
  }

  #rangeOf({ size }: Bitmap, leaf: number): BlockRange {
    const start = leaf * this.#perLeaf
    return { start, count: Math.min(size - start, this.#perLeaf) }
  }
}

function mostCommonOwner(held: Bitmap, { start, count }: BlockRange, ownerOf: (index: number) => number): number {
  const tally = new Uint32Array(9)
  for (let index = start; index < start + count; index++) if (held.has(index)) tally[ownerOf(index)]!++
  return tally.indexOf(Math.max(...tally))
}
