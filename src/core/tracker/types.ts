import type { PeerRecord, PeerRole } from '../exchange/types.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'

/** A peer of a swarm as a tracker passes it on. `record` is its signed peer record, checked by whoever dials. */
export interface TrackedPeer extends PeerRecord {
  readonly role: PeerRole
  /** It has every block. */
  readonly holder: boolean
}

/** Messages of `/quire/tracker/1`; SPEC.md has their bytes. */
export type TrackerFrame =
  /** How the sender can be reached; counts for all its announcements from now on. */
  | { type: 'record'; record: Uint8Array }
  /** Takes part in a swarm for `ttlMs` more; with `watch` it is sent peers now and newcomers as they come. */
  | { type: 'announce'; swarmId: SwarmId; role: PeerRole; holder: boolean; watch: boolean; ttlMs: number }
  | { type: 'leave'; swarmId: SwarmId }
  | { type: 'peers'; swarmId: SwarmId; peers: readonly TrackedPeer[] }
  | { type: 'refuse'; swarmId: SwarmId; reason: 'too-many' | 'no-record' }
  | { type: 'unknown'; code: number }

export type KnownTrackerFrame = Exclude<TrackerFrame, { type: 'unknown' }>

export type TrackerServerInput =
  | { type: 'opened'; laneId: LaneId; peerId: PeerId }
  | { type: 'frame'; laneId: LaneId; frame: TrackerFrame }
  | { type: 'closed'; laneId: LaneId }
  | { type: 'wake' }

export type TrackerEffect =
  { type: 'send'; laneId: LaneId; frame: KnownTrackerFrame } | { type: 'close'; laneId: LaneId; reason: string }
