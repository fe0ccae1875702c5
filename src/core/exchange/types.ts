import type { BlockRange } from '../block/bitmap.ts'
import type { GroupIndex, LaneId, PeerId, SwarmId } from '../ids.ts'
import type { HashGroup } from '../merkle/group.ts'

/** What a peer is; it labels, it grants nothing. */
export type PeerRole = 'tab' | 'keeper' | 'program'

/** Why a block or a hash group does not come; `cancelled` answers a cancel and applies to blocks alone. [EX12] */
export type RefuseCode = 'busy' | 'not-held' | 'not-serving' | 'cancelled'
export type ByeCode =
  'unknown-swarm' | 'bad-proof' | 'duplicate' | 'leaving' | 'protocol' | 'bad-block' | 'stalled' | 'too-many'

/** A peer and its signed record, which whoever dials it checks. */
export interface PeerRecord {
  readonly peerId: PeerId
  readonly record: Uint8Array
}

/** Messages of `/quire/exchange/1`; SPEC.md has their bytes. */
export type Frame =
  | { type: 'hello'; swarmId: SwarmId; role: PeerRole; lane: number; proof?: Uint8Array }
  | { type: 'welcome'; role: PeerRole; proof?: Uint8Array }
  | { type: 'state'; serving: boolean; complete: boolean; manifest?: Uint8Array; ranges: readonly BlockRange[] }
  | { type: 'have'; ranges: readonly BlockRange[] }
  | { type: 'gone'; ranges: readonly BlockRange[] }
  | { type: 'want-hashes'; group: GroupIndex }
  | { type: 'hashes'; group: GroupIndex; hashes: HashGroup }
  | { type: 'refuse-hashes'; group: GroupIndex; code: RefuseCode }
  | { type: 'want'; ranges: readonly BlockRange[] }
  | { type: 'blocks'; start: number; blocks: readonly Uint8Array[] }
  | { type: 'refuse'; code: RefuseCode; ranges: readonly BlockRange[] }
  | { type: 'cancel'; ranges: readonly BlockRange[] }
  | { type: 'bye'; code: ByeCode }
  /** Peers of the swarm, and how to reach them. [EX15] */
  | { type: 'peers'; peers: readonly PeerRecord[] }
  /** Of what the sender holds, take these of it first; none: take what you like. [EX16] */
  | { type: 'suggest'; ranges: readonly BlockRange[] }
  /** A kind of frame that this version does not know; passed over. [EX4] */
  | { type: 'unknown'; code: number }

/** What may be written. */
export type KnownFrame = Exclude<Frame, { type: 'unknown' }>

/** A lane as the machines see it. */
export interface LaneInfo {
  readonly laneId: LaneId
  readonly peerId: PeerId
  /** Ours on this lane; both were authenticated by the transport. */
  readonly localPeerId: PeerId
  readonly direction: 'inbound' | 'outbound'
  /** Outbound only: its place among the lanes of its session; 0 when absent. [EX8] */
  readonly number?: number
}
