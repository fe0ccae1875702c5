import type { Bitmap, BlockRange } from '../core/block/bitmap.ts'
import type { GroupIndex, ManifestCid, PeerId, SetId } from '../core/ids.ts'
import type { KeepTerms, Kept } from '../core/keep/types.ts'
import type { HashGroup } from '../core/merkle/group.ts'

/** A block with its place. `bytes` is one whole, zero-filled block. */
export interface PlacedBlock {
  readonly index: number
  readonly bytes: Uint8Array
}

/** Shape of a data set in the store; fixed when it is created. */
export interface SetShape {
  readonly blockCount: number
  readonly blockBytes: number
}

/**
 * Holds the blocks and leaf hashes of data sets. What a promise resolves for is durable: it is there after
 * a crash. The bitmap never claims a block that is not durable. [ST rules in SPEC.md]
 */
export interface BlockStore {
  /** Makes an empty data set; the same shape again is no error, another shape is. */
  create(set: SetId, shape: SetShape): Promise<void>
  shape(set: SetId): Promise<SetShape | undefined>
  /** Stores blocks in one durable write. Many blocks of one segment at once are cheapest. */
  putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void>
  /** The blocks of a run, in order. Rejects with BlockNotHeld where one is missing. */
  readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]>
  /** Which blocks are held; a copy. Empty bitmap of the right size for a fresh set; undefined for an unknown set. */
  held(set: SetId): Promise<Bitmap | undefined>
  putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void>
  readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined>
  /** Removes a data set whole; unknown is no error. */
  remove(set: SetId): Promise<void>
  sets(): Promise<SetId[]>
  /** Bytes that blocks and hashes take. */
  usedBytes(): Promise<number>
  close(): Promise<void>
}

/** A peer that gave verified blocks, and how it was reached. */
export interface MetPeer {
  readonly peerId: PeerId
  readonly record: Uint8Array
  readonly metAtMs: number
}

/** A keeper's promise to keep an item. */
export interface KeepPromise {
  readonly keeper: PeerId
  /** What to call the keeper: the host that named it. */
  readonly host: string
  readonly untilMs: number
  /** It said that it has all of it. */
  readonly held: boolean
  /** As the keeper signed it. */
  readonly receipt: Uint8Array
  /** How that keeper was reached last; absent in what an earlier version wrote. */
  readonly contact?: KeptContact
}

/** What it takes to ask a keeper again that nobody names or announces any more. */
export interface KeptContact {
  /** Its signed record, at most `recordBytesMax`. */
  readonly record: Uint8Array
  readonly terms: KeepTerms
  /** No relay answered for it. */
  readonly found?: boolean
}

/** Whether keepers are to hold copies of an item, and what they promised. Promises that are not wanted are to be let go. */
export interface KeepRecord {
  readonly wanted: boolean
  /** So many keepers are to hold one each; absent: one. */
  readonly copies?: number
  /** Shows that the copies are ours: 32 bytes. */
  readonly ownerKey: Uint8Array
  readonly promises: readonly KeepPromise[]
}

/** One item of the library, as it is remembered between visits. */
export interface ItemRecord {
  readonly id: SetId
  /** `added` here, or `fetched` from others. */
  readonly origin: 'added' | 'fetched'
  readonly kind: 'sealed' | 'plain'
  /** Undefined while the item is still being added. */
  readonly manifestCid?: ManifestCid
  /** The manifest exactly as made or received; undefined until known. */
  readonly manifest?: Uint8Array
  /** 16 bytes, sealed items only. */
  readonly secret?: Uint8Array
  /** Relay hints that came with the link. */
  readonly relays: readonly string[]
  /** What to call it; empty until the index was read. */
  readonly title: string
  readonly fileCount: number
  readonly mimeType: string
  /** Bytes of all files together. */
  readonly contentBytes: number
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  readonly pinned: boolean
  readonly paused: boolean
  /** Every block is here and durable. */
  readonly complete: boolean
  /** Keepers were asked to hold it, or the person said that they are not to. */
  readonly keep?: KeepRecord
  /** A copy that is held for others, and cannot be read here. */
  readonly kept?: Kept
  /** Met last, first. */
  readonly metPeers?: readonly MetPeer[]
}

/** The library's memory apart from blocks: items, settings, and whatever small is remembered by name. */
export interface Catalog {
  items(): Promise<ItemRecord[]>
  item(id: SetId): Promise<ItemRecord | undefined>
  itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined>
  putItem(item: ItemRecord): Promise<void>
  /** It is in the library no more, and among those that leave until `left`: its blocks are still here. [ST27] */
  removeItem(id: SetId): Promise<void>
  /** Removed, and not said to have left. One that is put again is none of them. */
  leaving(): Promise<SetId[]>
  /** Nothing of it is here any more. */
  left(id: SetId): Promise<void>
  /** Small structured-cloneable values by name: settings, relays met, peers met. */
  get(name: string): Promise<unknown>
  put(name: string, value: unknown): Promise<void>
  close(): Promise<void>
}
