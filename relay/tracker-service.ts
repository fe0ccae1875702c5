import { decodeTrackerFrame, encodeTrackerFrame } from '../src/core/tracker/codec.ts'
import { TrackerServer } from '../src/core/tracker/server.ts'
import type { TrackerServerInput } from '../src/core/tracker/types.ts'
import { FrameReader } from '../src/core/exchange/frame-reader.ts'
import type { LaneId, PeerId } from '../src/core/ids.ts'
import { trackerFrameBytesMax, trackerSweepMs } from '../src/core/limits.ts'
import type { Lane } from '../src/network/types.ts'

/** Answers tracker lanes: the driver of the relay's tracker machine. */
export class TrackerService {
  readonly #machine: TrackerServer
  readonly #lanes = new Map<LaneId, Lane>()
  /** Lanes of the relay itself, which is no visitor. */
  readonly #own = new Set<LaneId>()
  readonly #sweep: NodeJS.Timeout
  #frames = 0

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
    return this.#lanes.size - this.#own.size
  }

  accept(lane: Lane, whose: 'visitor' | 'own' = 'visitor'): void {
    if (whose === 'own') this.#own.add(lane.id)
    this.#lanes.set(lane.id, lane)
    const reader = new FrameReader(trackerFrameBytesMax)
    lane.onChunk = (chunk) => {
      try {
        for (const raw of reader.push(chunk)) {
          this.#frames++
          this.#turn({ type: 'frame', laneId: lane.id, frame: decodeTrackerFrame(raw) })
        }
      } catch {
        lane.close() // what it sent makes no sense; it may come back and do better
      }
    }
    lane.onClose = () => {
      this.#lanes.delete(lane.id)
      this.#own.delete(lane.id)
      this.#turn({ type: 'closed', laneId: lane.id })
    }
    this.#turn({ type: 'opened', laneId: lane.id, peerId: lane.peerId })
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const lane of this.#lanes.values()) lane.close()
  }

  #turn(input: TrackerServerInput): void {
    for (const effect of this.#machine.handle(performance.now(), input)) {
      const lane = this.#lanes.get(effect.laneId)
      if (effect.type === 'send') lane?.send(encodeTrackerFrame(effect.frame))
      else lane?.close()
    }
  }
}
