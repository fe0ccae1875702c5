/** Branded ids: a string of one kind cannot be handed over where another kind is meant. */
declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** Text form (`zDv…`) of the CID of an encoded manifest: the address people share. */
export type ManifestCid = Branded<string, 'ManifestCid'>
/** Text form (`zDz…`) of a data set's Merkle root. */
export type TreeCid = Branded<string, 'TreeCid'>
/** Position of a block in its data set, from 0. */
export type BlockIndex = Branded<number, 'BlockIndex'>
/** Position of a group of 512 leaf hashes in a data set, from 0. */
export type GroupIndex = Branded<number, 'GroupIndex'>
/** Text form of a libp2p peer id. */
export type PeerId = Branded<string, 'PeerId'>
/** 32 bytes as lower-case hex: what trackers see of a data set. */
export type SwarmId = Branded<string, 'SwarmId'>
/** Local name of a data set in this store, made when it is first added or opened; never leaves this device. */
export type SetId = Branded<string, 'SetId'>
/** A lane (one byte stream to one peer) within this process. */
export type LaneId = Branded<number, 'LaneId'>

export const blockIndex = (n: number): BlockIndex => n as BlockIndex
export const groupIndex = (n: number): GroupIndex => n as GroupIndex
