import { decodeTrackerFrame, encodeTrackerFrame } from '../src/core/tracker/codec.ts'
import { TrackerServer } from '../src/core/tracker/server.ts'
import type { ServedEffect, TrackedPeer, TrackerServerInput } from '../src/core/tracker/types.ts'
import { FrameReader } from '../src/core/exchange/frame-reader.ts'
import type { LaneId, PeerId, SwarmId } from '../src/core/ids.ts'
import { trackerFrameBytesMax, trackerSweepMs } from '../src/core/limits.ts'
import type { Lane } from '../src/network/types.ts'

/** Who is at the other end of a tracker's lane; `own` is the relay itself, which is no visitor. */
export type LaneOwner = 'visitor' | 'own' | 'relay'

/** Answers tracker lanes: the driver of the relay's tracker machine. */
export class TrackerService {
  readonly #machine: TrackerServer
  readonly #lanes = new Map<LaneId, { readonly lane: Lane; readonly owner: LaneOwner }>()
  readonly #sweep: NodeJS.Timeout
  #frames = 0
  /** Told of what other relays are looked for about. */
  onServed: (effect: ServedEffect) => void = () => undefined

  /** `isValidRecord`: whether a record is signed by the peer that sends it. */
  constructor(isValidRecord: (peerId: PeerId, record: Uint8Array) => boolean) {
    this.#machine = new TrackerServer(Math.random, isValidRecord)
    this.#sweep = setInterval(() => this.#turn({ type: 'wake' }), trackerSweepMs)
    this.#sweep.unref()
  }

  get swarmCount(): number {
    return this.#machine.swarmCount
  }

  /** Messages taken from visitors. */
  get frameCount(): number {
    return this.#frames
  }

  get laneCount(): number {
    return [...this.#lanes.values()].filter(({ owner }) => owner === 'visitor').length
  }

  accept(lane: Lane, owner: LaneOwner = 'visitor'): void {
    this.#lanes.set(lane.id, { lane, owner })
    const reader = new FrameReader(trackerFrameBytesMax)
    lane.onChunk = (chunk) => {
      try {
        for (const raw of reader.push(chunk)) {
          if (owner === 'visitor') this.#frames++
          this.#turn({ type: 'frame', laneId: lane.id, frame: decodeTrackerFrame(raw) })
        }
      } catch {
        lane.close() // what it sent makes no sense; it may come back and do better
      }
    }
    lane.onClose = () => {
      this.#lanes.delete(lane.id)
      this.#turn({ type: 'closed', laneId: lane.id })
    }
    this.#turn({ type: 'opened', laneId: lane.id, peerId: lane.peerId, isRelay: owner === 'relay' })
  }

  /** Peers that are at another relay, for all here who watch the swarm, or for one of them. */
  tellOfOthers(swarmId: SwarmId, peers: readonly TrackedPeer[], laneId?: LaneId): void {
    this.#turn({ type: 'elsewhere', swarmId, peers, laneId })
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const { lane } of this.#lanes.values()) lane.close()
  }

  #turn(input: TrackerServerInput): void {
    for (const effect of this.#machine.handle(performance.now(), input)) {
      if (effect.type === 'send') this.#lanes.get(effect.laneId)?.lane.send(encodeTrackerFrame(effect.frame))
      else if (effect.type === 'close') this.#lanes.get(effect.laneId)?.lane.close()
      else this.onServed(effect)
    }
  }
}
