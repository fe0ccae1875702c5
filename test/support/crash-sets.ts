import type { SetId } from '../../src/core/ids.ts'
import { type Tree, treeOf } from '../../src/core/merkle/tree.ts'
import type { SetShape } from '../../src/store/types.ts'
import { luckOf, seededBytes } from './seeded.ts'
import { sha256 } from './sha256.ts'

/** What the writer of a crash test says that it did, or is about to do. */
export type Said =
  | { readonly did: 'open' }
  | { readonly did: 'create' | 'hashes' | 'item' | 'begin-removal' | 'remove'; readonly set: SetId }
  | { readonly did: 'put'; readonly set: SetId; readonly start: number; readonly count: number }

export interface CrashSet extends SetShape {
  readonly id: SetId
}

/** A data set whose shape and contents follow from its id: both sides of a crash know what it must be. */
export function crashSet(id: SetId): CrashSet {
  const luck = luckOf(numberOf(id))
  luck()
  const blockBytes = [1024, 4096, 65_536][Math.floor(luck() * 3)]!
  return { id, blockBytes, blockCount: 1 + Math.floor(luck() * 150) }
}

export const crashBlock = ({ id, blockBytes }: CrashSet, index: number): Uint8Array<ArrayBuffer> =>
  seededBytes(numberOf(id) + index * 7919, blockBytes)

export function crashTree(set: CrashSet): Tree {
  const leaves = new Uint8Array(set.blockCount * 32)
  for (let index = 0; index < set.blockCount; index++) leaves.set(sha256(crashBlock(set, index)), index * 32)
  return treeOf(leaves)
}

const numberOf = (id: string): number => [...id].reduce((sum, char) => (sum * 31 + char.codePointAt(0)!) | 0, 7)
