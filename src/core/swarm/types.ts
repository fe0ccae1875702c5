import type { Bitmap, BlockRange } from '../block/bitmap.ts'
import type { QuireError } from '../errors.ts'
import type { Frame, KnownFrame, LaneInfo, PeerRecord, PeerRole } from '../exchange/types.ts'
import type { GroupIndex, LaneId, ManifestCid, PeerId, SwarmId } from '../ids.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { HashGroup } from '../merkle/group.ts'
import type { UploadLimit } from './upload-limit.ts'

export interface SwarmOptions {
  readonly manifestCid: ManifestCid
  readonly swarmId: SwarmId
  /** Absent for plain data sets: no proof is asked. */
  readonly swarmKey?: Uint8Array
  /** The manifest's bytes as made or received, when known. */
  readonly manifest?: Uint8Array
  /** What is durable here; taken over and kept up to date. Only with a manifest. */
  readonly held?: Bitmap
  /** Throws why there is no room for a data set such as a peer tells of: before anything is allotted for it. */
  readonly accepts?: (manifest: Manifest) => void
  readonly role: PeerRole
  /** Serves others. */
  readonly serving: boolean
  /** Evenly distributed in [0, 1). */
  readonly random: () => number
  /** How fast is sent; one may be shared by many data sets. Absent: as fast as lanes take it. */
  readonly uploadLimit?: UploadLimit
}

/** A peer as a tracker tells of it, or one of which nobody says whether it has every block. */
export interface FoundPeer extends PeerRecord {
  readonly holder?: boolean
}

/** A peer to dial. */
export interface DialledPeer extends PeerRecord {
  /** It lacks blocks, and so looks for peers itself. */
  readonly seeks?: boolean
  /** Somebody else has more to give, so that there is time for every try to reach it directly. */
  readonly canWait?: boolean
}

export type SwarmInput =
  | { type: 'lane-opened'; lane: LaneInfo }
  | { type: 'frame'; laneId: LaneId; frame: Frame }
  | { type: 'lane-closed'; laneId: LaneId }
  /** What came over it is no frame: the error that reading it threw. */
  | { type: 'lane-broken'; laneId: LaneId; error: QuireError }
  /** The lane takes no more for now, or again. */
  | { type: 'lane-blocked'; laneId: LaneId }
  | { type: 'lane-drained'; laneId: LaneId }
  /** SHA-256 of blocks that came, in the order of the `hash` effect. */
  | { type: 'hashed'; laneId: LaneId; peerId: PeerId; start: number; digests: readonly Uint8Array[] }
  | { type: 'stored'; indexes: readonly number[] }
  /** Nothing more is asked for until `admit` comes again. */
  | { type: 'store-failed'; indexes: readonly number[] }
  /** These are no longer here; nothing but readers' wishes is fetched until `admit` comes again. */
  | { type: 'evicted'; ranges: readonly BlockRange[] }
  /** Or why there are none: they are not here, or the store failed to read them, which may pass. */
  | { type: 'hashes-read'; laneId: LaneId; group: GroupIndex; hashes: HashGroup | 'not-held' | 'busy' }
  /** Leaf hashes that were verified and stored in an earlier visit. */
  | { type: 'group-known'; group: GroupIndex; leaves: Uint8Array }
  | { type: 'blocks-sent'; laneId: LaneId; start: number; count: number; bytes: number }
  /** What is no longer here was `evicted` before; else the store failed, which may pass. */
  | { type: 'blocks-missing'; laneId: LaneId; start: number; count: number }
  /** There is room for the whole data set: fetch everything. Before this only what a reader wishes for is fetched. */
  | { type: 'admit' }
  /** A reader wishes for these, in this order, before all else. Replaces its earlier wish; empty withdraws it. */
  | { type: 'reader'; readerId: number; ranges: readonly BlockRange[] }
  /** Peers that discovery found, or heard of again. */
  | { type: 'peers'; peers: readonly FoundPeer[] }
  /** How others can reach us: told to peers of the swarm. */
  | { type: 'self'; self: PeerRecord }
  | { type: 'connect-failed'; peerId: PeerId }
  | { type: 'widen-failed'; peerId: PeerId; number: number }
  | { type: 'wake' }
  /** Says goodbye to everybody. */
  | { type: 'stop' }

export type SwarmEffect =
  | { type: 'send'; laneId: LaneId; frame: KnownFrame }
  /** Read these from the store and send them as one `blocks` frame; then `blocks-sent` or `blocks-missing`. */
  | { type: 'send-blocks'; laneId: LaneId; start: number; count: number }
  /** Then `hashes-read`. */
  | { type: 'read-hashes'; laneId: LaneId; group: GroupIndex }
  /** Then `hashed`. */
  | { type: 'hash'; laneId: LaneId; peerId: PeerId; start: number; blocks: readonly Uint8Array[] }
  /** These are verified: make them durable, then `stored` or `store-failed`. */
  | { type: 'store'; peerId: PeerId; index: number; bytes: Uint8Array }
  /** What was given to the store is to be durable soon: others wait for it. */
  | { type: 'flush' }
  | { type: 'store-hashes'; group: GroupIndex; hashes: HashGroup }
  | { type: 'manifest'; bytes: Uint8Array; manifest: Manifest }
  /** Then `lane-opened` or `connect-failed`. */
  | ({ type: 'connect' } & DialledPeer)
  /** Open a further lane, on a connection of its own; then `lane-opened` with this number, or `widen-failed`. */
  | { type: 'widen'; peerId: PeerId; record: Uint8Array; number: number }
  /** `lost`: nothing comes over it any more, and perhaps over nothing that it shares a connection with. */
  | { type: 'close-lane'; laneId: LaneId; error?: QuireError; lost?: boolean }
  /** The peer did wrong or failed; for the person, in plain words. */
  | { type: 'dropped'; peerId: PeerId; error: QuireError }
  /** The manifest is the one that was asked for and yet of no use; the machine has stopped. */
  | { type: 'unusable'; error: QuireError }
  /** Every block is durable. */
  | { type: 'complete' }

/** One peer as the interface sees it, over all its lanes. */
export interface SessionView {
  /** Its first lane. */
  readonly laneId: LaneId
  readonly laneCount: number
  readonly peerId: PeerId
  readonly role: PeerRole
  readonly complete: boolean
  readonly isOpen: boolean
  /** Blocks that were asked of it and have not come. */
  readonly inFlightBlocks: number
  /** Bytes that may be asked of it and not yet here. */
  readonly windowBytes: number
  readonly receivedBytes: number
  readonly sentBytes: number
}
