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
  /** Holds everything of these swarms for `ttlMs` more, and wants to hear of nobody. */
  | { type: 'hold'; role: PeerRole; ttlMs: number; swarmIds: readonly SwarmId[] }
  | { type: 'leave'; swarmId: SwarmId }
  /** Asks once who is there, and takes no part: nobody is told of who asks. */
  | { type: 'look'; swarmId: SwarmId }
  | { type: 'peers'; swarmId: SwarmId; peers: readonly TrackedPeer[] }
  | { type: 'refuse'; swarmId: SwarmId; reason: 'too-many' | 'no-record' }
  | { type: 'unknown'; code: number }

export type KnownTrackerFrame = Exclude<TrackerFrame, { type: 'unknown' }>

export type TrackerServerInput =
  /** `isRelay`: it asks for the peers that are here, and takes part in nothing itself. */
  | { type: 'opened'; laneId: LaneId; peerId: PeerId; isRelay?: boolean }
  | { type: 'frame'; laneId: LaneId; frame: TrackerFrame }
  | { type: 'closed'; laneId: LaneId }
  /** Peers that another relay told of, for all who watch or for one of them. */
  | { type: 'elsewhere'; swarmId: SwarmId; peers: readonly TrackedPeer[]; laneId?: LaneId }
  | { type: 'wake' }

export type TrackerEffect = LaneEffect | ServedEffect

type LaneEffect =
  { type: 'send'; laneId: LaneId; frame: KnownTrackerFrame } | { type: 'close'; laneId: LaneId; reason: string }

/** What other relays are looked for about. */
export type ServedEffect =
  /** The first peer of a swarm is here; the last one left. */
  | { type: 'served'; swarmId: SwarmId }
  | { type: 'ended'; swarmId: SwarmId }
  /** Somebody begins to watch and was told of fewer peers than fit an answer. */
  | { type: 'watched'; swarmId: SwarmId; laneId: LaneId }
  /** Another relay serves it too. */
  | { type: 'asked'; swarmId: SwarmId; relay: PeerId }
