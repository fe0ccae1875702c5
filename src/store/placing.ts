import type { BlockRange } from '../core/block/bitmap.ts'
import { BlockMisplaced, BlockNotHeld } from './errors.ts'
import type { PlacedBlock, SetShape } from './types.ts'

/** Throws BlockMisplaced unless every block has a place and the size of its data set. */
export function checkPlaces(shape: SetShape, blocks: readonly PlacedBlock[]): void {
  for (const { index, bytes } of blocks) {
    const fits = Number.isInteger(index) && index >= 0 && index < shape.blockCount && bytes.length === shape.blockBytes
    if (!fits) throw new BlockMisplaced(index)
  }
}

export function checkRange(shape: SetShape, { start, count }: BlockRange): void {
  if (start < 0 || count < 1 || start + count > shape.blockCount) throw new BlockNotHeld(start)
}

export const sameShape = (a: SetShape, b: SetShape): boolean =>
  a.blockCount === b.blockCount && a.blockBytes === b.blockBytes
