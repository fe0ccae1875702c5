import { decodeTrackerFrame, encodeTrackerFrame } from '../core/tracker/codec.ts'
import {
  type Membership,
  TrackerClient,
  type TrackerClientEffect,
  type TrackerClientInput
} from '../core/tracker/client.ts'
import type { TrackedPeer } from '../core/tracker/types.ts'
import { FrameReader } from '../core/exchange/frame-reader.ts'
import { reportOf } from '../core/errors.ts'
import type { LaneId, SwarmId } from '../core/ids.ts'
import { trackerFrameBytesMax } from '../core/limits.ts'
import type { Lane } from '../network/types.ts'
import type { EngineParts } from './parts.ts'
import { Alarm } from './alarm.ts'

interface Joined {
  readonly membership: Membership
  readonly onPeers: (peers: readonly TrackedPeer[]) => void
}

interface Tracker {
  readonly lane: Lane
  readonly client: TrackerClient
  readonly alarm: Alarm
}

/** Hears of trackers: what announces beside the swarms that were joined. */
export interface TrackerListener {
  /** The tracker has our record. It may be said of one tracker several times. */
  onReady(lane: Lane): void
  onClosed(lane: Lane): void
}

/** Finds the peers of swarms by way of the trackers of all relays that are connected. */
export class Discovery {
  readonly #parts: Pick<EngineParts, 'network' | 'timers' | 'log' | 'role'>
  readonly #trackers = new Map<LaneId, Tracker>()
  readonly #joined = new Map<SwarmId, Joined>()
  readonly #looking = new Map<SwarmId, Joined['onPeers']>()
  listener: TrackerListener | undefined

  constructor(parts: Pick<EngineParts, 'network' | 'timers' | 'log' | 'role'>) {
    this.#parts = parts
  }

  /** Takes part in a swarm until `leave`; with `seeking`, hears of its peers now and as they come. */
  join(swarmId: SwarmId, { seeking, onPeers }: { seeking: boolean; onPeers: Joined['onPeers'] }): void {
    const membership = { role: this.#parts.role, holder: !seeking, watch: seeking }
    const before = this.#joined.get(swarmId)?.membership
    this.#joined.set(swarmId, { membership, onPeers })
    if (before?.watch === membership.watch) return
    for (const tracker of this.#trackers.values()) this.#turn(tracker, { type: 'join', swarmId, membership })
  }

  leave(swarmId: SwarmId): void {
    if (!this.#joined.delete(swarmId)) return
    for (const tracker of this.#trackers.values()) this.#turn(tracker, { type: 'leave', swarmId })
  }

  /** What is gone had been announced with all that is dormant, if at all. [TR11] */
  leaveDormant(swarmId: SwarmId): void {
    if (this.#joined.has(swarmId)) return
    for (const tracker of this.#trackers.values()) this.#turn(tracker, { type: 'leave', swarmId, wasDormant: true })
  }

  /** Takes part still, and is announced by whoever announces what is dormant. */
  rest(swarmId: SwarmId): void {
    if (!this.#joined.delete(swarmId)) return
    for (const tracker of this.#trackers.values()) this.#turn(tracker, { type: 'rest', swarmId })
  }

  /** Asks the trackers of our own relays who is in a swarm, now and as they come, and takes no part in it. [TR12] */
  look(swarmId: SwarmId, onPeers: Joined['onPeers']): void {
    this.#looking.set(swarmId, onPeers)
    for (const tracker of this.#trackers.values()) this.#look(tracker, swarmId)
  }

  lookNoMore(swarmId: SwarmId): void {
    this.#looking.delete(swarmId)
  }

  /** A relay's tracker became usable. */
  addTracker(lane: Lane): void {
    const tracker: Tracker = { lane, client: new TrackerClient(), alarm: new Alarm(this.#parts.timers) }
    this.#trackers.set(lane.id, tracker)
    const reader = new FrameReader(trackerFrameBytesMax)
    lane.onChunk = (chunk) => {
      try {
        for (const frame of reader.push(chunk)) {
          this.#turn(tracker, { type: 'frame', frame: decodeTrackerFrame(frame) })
        }
      } catch (error) {
        this.#parts.log('tracker-dropped', { code: reportOf(error).code })
        lane.close()
      }
    }
    lane.onClose = () => {
      tracker.alarm.cancel()
      this.#trackers.delete(lane.id)
      this.listener?.onClosed(lane)
    }
    for (const [swarmId, { membership }] of this.#joined) this.#turn(tracker, { type: 'join', swarmId, membership })
    for (const swarmId of this.#looking.keys()) this.#look(tracker, swarmId)
    void this.announceAgain()
  }

  /** Our addresses are known, or changed. */
  async announceAgain(): Promise<void> {
    const record = await this.#parts.network.selfRecord()
    if (!record) return
    for (const tracker of this.#trackers.values()) {
      this.#turn(tracker, { type: 'record', record })
      this.listener?.onReady(tracker.lane)
    }
  }

  close(): void {
    for (const { lane, alarm } of this.#trackers.values()) {
      alarm.cancel()
      lane.close()
    }
    this.#trackers.clear()
  }

  /** Relays that links brought are not told what is looked for. [KE20] */
  #look(tracker: Tracker, swarmId: SwarmId): void {
    if (!tracker.lane.foreign) this.#turn(tracker, { type: 'look', swarmId })
  }

  #turn(tracker: Tracker, input: TrackerClientInput): void {
    const { timers } = this.#parts
    for (const effect of tracker.client.handle(timers.nowMs(), input)) this.#perform(tracker, effect)
    tracker.alarm.setAtMs(tracker.client.wakeAtMs(), () => this.#turn(tracker, { type: 'wake' }))
  }

  #perform(tracker: Tracker, effect: TrackerClientEffect): void {
    if (effect.type === 'send') tracker.lane.send(encodeTrackerFrame(effect.frame))
    else (this.#joined.get(effect.swarmId)?.onPeers ?? this.#looking.get(effect.swarmId))?.(effect.peers)
  }
}
