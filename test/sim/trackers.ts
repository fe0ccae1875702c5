import type { LaneId } from '../../src/core/ids.ts'
import { TrackerClient, type TrackerClientInput } from '../../src/core/tracker/client.ts'
import { TrackerServer } from '../../src/core/tracker/server.ts'
import type { TrackerServerInput } from '../../src/core/tracker/types.ts'
import { type SimPeer, swarmId } from './peer.ts'
import type { World } from './world.ts'

/** Way to a relay. */
const latencyMs = 30

/** A relay's tracker: the machine of the relay, and a client's machine for each peer. */
export class SimTracker {
  readonly #world: World
  readonly #server: TrackerServer
  readonly #lanes = new Map<LaneId, { peer: SimPeer; client: TrackerClient }>()
  readonly #laneOf = new Map<SimPeer, LaneId>()
  #lastLane = 0
  #isDead = false
  #sent = 0

  constructor(world: World) {
    this.#world = world
    this.#server = new TrackerServer(world.random, () => true)
  }

  /** Messages that it sent. */
  get sent(): number {
    return this.#sent
  }

  die(): void {
    this.#isDead = true
  }

  /** A peer takes part, as one that seeks or as one that has everything. */
  join(peer: SimPeer): void {
    if (this.#isDead) return
    let laneId = this.#laneOf.get(peer)
    if (laneId === undefined) {
      laneId = ++this.#lastLane as LaneId
      this.#laneOf.set(peer, laneId)
      this.#lanes.set(laneId, { peer, client: new TrackerClient() })
      this.#serve({ type: 'opened', laneId, peerId: peer.peerId })
      this.#client(laneId, { type: 'record', record: peer.record })
    }
    const membership = { role: 'tab', holder: peer.isComplete, watch: !peer.isComplete } as const
    this.#client(laneId, { type: 'join', swarmId, membership })
  }

  left(peer: SimPeer): void {
    const laneId = this.#laneOf.get(peer)
    if (laneId === undefined || this.#isDead) return
    this.#laneOf.delete(peer)
    this.#lanes.delete(laneId)
    this.#serve({ type: 'closed', laneId })
  }

  #serve(input: TrackerServerInput): void {
    if (this.#isDead) return
    for (const effect of this.#server.handle(this.#world.events.nowMs, input)) {
      if (effect.type !== 'send') continue
      this.#sent++
      this.#world.events.after(latencyMs, () => this.#client(effect.laneId, { type: 'frame', frame: effect.frame }))
    }
  }

  #client(laneId: LaneId, input: TrackerClientInput): void {
    const lane = this.#lanes.get(laneId)
    if (!lane || lane.peer.isGone) return
    for (const effect of lane.client.handle(this.#world.events.nowMs, input)) {
      if (effect.type === 'send') {
        this.#world.events.after(latencyMs, () => this.#serve({ type: 'frame', laneId, frame: effect.frame }))
      } else lane.peer.meet(effect.peers)
    }
  }
}
