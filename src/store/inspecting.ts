import type { BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../core/ids.ts'
import type { BlockStore } from './types.ts'

export type StoreProblemKind =
  /** A block that is claimed and is not what its hash says. */
  | 'block-wrong'
  /** A block that is claimed and cannot be read. */
  | 'block-unreadable'
  /** Hashes that do not lead to the root of the data set. */
  | 'hashes-wrong'
  /** Blocks that are claimed and have no hashes to be verified by. */
  | 'hashes-missing'
  /** An item whose manifest is not what its address says, or does not fit its blocks. */
  | 'manifest-wrong'
  /** An item that is said to be whole, of which blocks are missing. */
  | 'item-incomplete'
  /** A data set that no item knows: nobody can read it or will ever remove it. */
  | 'set-without-item'
  /** Two claim the same bytes. */
  | 'place-shared'
  /** Bytes that belong to nothing. */
  | 'orphan-bytes'
  /** A file among those of the store that is not of it. */
  | 'file-unknown'
  | 'count-wrong'
  /** SQLite finds its file damaged: what can be saved is in the last backup, or at other peers. */
  | 'database-damaged'

export interface StoreProblem {
  readonly kind: StoreProblemKind
  readonly set?: SetId
  /** Bytes that it concerns, where that can be told. */
  readonly sizeBytes?: number
  /** Where exactly, for whoever looks into it; no names, no contents. */
  readonly detail: string
  readonly isRepaired: boolean
}

/** A store that can be checked, and freed of what turns out wrong. */
export interface InspectableStore extends BlockStore {
  /** Takes back that blocks and hash groups are held, so that they are fetched again. */
  unclaim(set: SetId, blocks: readonly BlockRange[], groups: readonly GroupIndex[]): Promise<void>
  /** Checks what lies below the data sets. With `repair` it puts right what it can. */
  inspect(repair: boolean): Promise<StoreProblem[]>
}
