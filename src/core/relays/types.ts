import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import type { KnownTrackerFrame, ServedEffect, TrackedPeer, TrackerFrame } from '../tracker/types.ts'

export type MeshInput =
  | ServedEffect
  /** Other relays serve it, says the DHT; more may follow. */
  | { type: 'found'; swarmId: SwarmId; relays: readonly PeerId[] }
  /** A look-up is over, whatever it found; so is a telling, whoever was told. */
  | { type: 'looked-up'; swarmId: SwarmId }
  | { type: 'provided'; swarmId: SwarmId }
  /** There are other relays now, after there were none. */
  | { type: 'joined' }
  /** Our lane to another relay is open; it closed, or could not be opened. */
  | { type: 'opened'; relay: PeerId }
  | { type: 'closed'; relay: PeerId }
  | { type: 'frame'; relay: PeerId; frame: TrackerFrame }
  | { type: 'wake' }

export type MeshEffect =
  /** Look in the DHT who serves it; tell the DHT that we do; tell it no more. */
  | { type: 'look-up'; swarmId: SwarmId }
  | { type: 'provide'; swarmId: SwarmId }
  | { type: 'withdraw'; swarmId: SwarmId }
  /** Open a lane to another relay, or close it. */
  | { type: 'open'; relay: PeerId }
  | { type: 'close'; relay: PeerId }
  | { type: 'send'; relay: PeerId; frame: KnownTrackerFrame }
  /** Peers of another relay, for those here who watch the swarm, or for one of them. */
  | { type: 'tell'; swarmId: SwarmId; peers: readonly TrackedPeer[]; laneId?: LaneId }
