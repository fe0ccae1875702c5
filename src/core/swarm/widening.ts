import type { LaneInfo } from '../exchange/types.ts'
import type { PeerId } from '../ids.ts'
import {
  farRoundTripMs,
  fetchLanesMax,
  lateProbeMs,
  lateShare,
  lanesPerSessionMax,
  sessionWidths,
  wideBytesMin,
  wideBytesPerSecond,
  wideRoundTripMs,
  widthGain,
  widthLookMs,
  widthLooks,
  widthRestMs
} from '../limits.ts'
import type { SwarmLane } from './lane.ts'
import type { Peers } from './peers.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { SwarmState } from './state.ts'
import { nextBeginMs } from './width.ts'

/**
 * How many lanes a session has: one where the path is short, up to eight where it is long, as long as more of them carry
 * more. Only who fetches widens. It looks when something comes, and needs no timer but one at its first session. [SW19]
 */
export class Widening {
  readonly #state: SwarmState
  readonly #sessions: Sessions
  readonly #peers: Peers
  /** How late this machine comes to what is due, at its worst of late: on a busy one every answer takes its time. */
  #lateMs: number | undefined
  /** When to be woken to see that, before it is known. */
  #probeAtMs = Infinity

  constructor(state: SwarmState, sessions: Sessions, peers: Peers) {
    this.#state = state
    this.#sessions = sessions
    this.#peers = peers
  }

  /** A session began. */
  began(): void {
    if (this.#lateMs === undefined) this.#probeAtMs = this.#state.nowMs + lateProbeMs
  }

  /** The fetch ended. */
  ended(): void {
    this.#state.widthLookAtMs = -Infinity
  }

  wakeAtMs(): number {
    return this.#probeAtMs
  }

  /** It was woken for what was due then. */
  woken(dueAtMs: number): void {
    this.#probeAtMs = Infinity
    if (Number.isFinite(dueAtMs)) this.#lateMs = Math.max(this.#state.nowMs - dueAtMs, (this.#lateMs ?? 0) / 2)
  }

  /** A lane that was asked for is here. */
  opened({ peerId, number = 0 }: LaneInfo): void {
    this.#state.sessions.get(peerId)?.width.opening.delete(number)
  }

  failed(peerId: PeerId, number: number): void {
    const session = this.#state.sessions.get(peerId)
    if (!session?.width.opening.delete(number) || session.width.opening.size > 0) return
    // Where none came there is nothing to judge.
    if (session.lanes.size <= (session.width.trial?.lanesBefore ?? 0)) session.width.trial = undefined
    this.#rest(session.width)
  }

  look(): void {
    const { nowMs, sessions, isComplete } = this.#state
    if (nowMs < this.#state.widthLookAtMs) return
    let lookAtMs = Infinity
    for (const session of sessions.values()) {
      if (isComplete) this.#narrow(session, 1)
      else if (nowMs >= session.width.lookAtMs) this.#lookAt(session)
      if (!isComplete) lookAtMs = Math.min(lookAtMs, session.width.lookAtMs)
    }
    this.#state.widthLookAtMs = lookAtMs
  }

  #lookAt(session: Session): void {
    const { nowMs } = this.#state
    const { width } = session
    const before = width.looked
    const lanes = [...session.lanes.values()]
    this.#closeIdle(lanes)
    const isFetching = lanes.some((lane) => lane.inFlight.size > 0)
    if (this.#lateMs === undefined || !isFetching) {
      width.looked = undefined
      width.lookAtMs = isFetching ? nextBeginMs(nowMs) : Infinity
      return
    }
    width.looked = { atMs: nowMs, receivedBytes: session.receivedBytes }
    width.lookAtMs = nowMs + Math.max(widthLookMs, width.roundTripMs < Infinity ? 10 * width.roundTripMs : 0)
    if (width.opening.size > 0) return
    if (before) this.#judge(session, (session.receivedBytes - before.receivedBytes) / (nowMs - before.atMs))
    else if (width.roundTripMs >= farRoundTripMs && session.lanes.size === 1) this.#widen(session, 0)
  }

  /** `pace`: bytes a millisecond since the last look. */
  #judge(session: Session, pace: number): void {
    const { width } = session
    const { trial } = width
    if (trial) {
      const paid = pace >= trial.paceBefore * widthGain
      if (!paid && --trial.looksLeft > 0) return
      width.trial = undefined
      if (!paid) {
        this.#narrow(session, trial.lanesBefore)
        return this.#rest(width)
      }
      width.failures = 0
    }
    if (pace > 0 && pace * 1000 < wideBytesPerSecond) this.#widen(session, pace)
  }

  /** One step wider, where that can pay. Nothing is known of the pace before (0): there is nothing to be judged by. */
  #widen(session: Session, paceBefore: number): void {
    const { held, manifest, nowMs } = this.#state
    const { lanes, peerId, width } = session
    const lackedBytes = (held!.size - held!.count) * manifest!.blockBytes
    const isFar =
      width.roundTripMs < Infinity && width.roundTripMs >= Math.max(wideRoundTripMs, (this.#lateMs ?? 0) / lateShare)
    if (!isFar || nowMs < width.restUntilMs) return
    if (lackedBytes < Math.max(wideBytesMin, 2 * widthLookMs * paceBefore)) return
    const record = this.#peers.recordOf(peerId)
    const step = sessionWidths.find((each) => each > lanes.size)
    if (!record || !step) return
    const numbers = freeNumbers(session).slice(0, Math.min(step - lanes.size, this.#room()))
    if (numbers.length === 0) return
    if (paceBefore > 0) width.trial = { lanesBefore: lanes.size, paceBefore, looksLeft: widthLooks }
    for (const number of numbers) {
      width.opening.add(number)
      this.#state.emit({ type: 'widen', peerId, record, number })
    }
  }

  /** Further lanes that this side opened end when what was asked over them is here; nothing more is. */
  #narrow(session: Session, laneCount: number): void {
    const ours = [...session.lanes.values()].filter(isOurs)
    const leaving = ours.slice(Math.max(0, ours.length - (session.lanes.size - laneCount)))
    for (const lane of leaving) lane.isLeaving = true
    this.#closeIdle(leaving)
  }

  #closeIdle(lanes: readonly SwarmLane[]): void {
    for (const lane of lanes) if (lane.isLeaving && (this.#state.isComplete || !lane.isOwed)) this.#sessions.leave(lane)
  }

  #rest(width: Session['width']): void {
    width.restUntilMs = this.#state.nowMs + widthRestMs * 2 ** width.failures++
  }

  /** Further lanes that may be opened: what comes from many peers, or will when they are reached, comes over many paths. */
  #room(): number {
    let room = fetchLanesMax - this.#peers.hopefulDials
    for (const { lanes, width } of this.#state.sessions.values()) room -= lanes.size + width.opening.size
    return Math.max(0, room)
  }
}

const isOurs = (lane: SwarmLane): boolean => lane.info.direction === 'outbound' && (lane.info.number ?? 0) > 0

/** Who opened the first lane counts up and the other down, so that both may open some at once. */
function freeNumbers({ control, lanes, width }: Session): number[] {
  const numbers = Array.from({ length: lanesPerSessionMax - 1 }, (_, i) => i + 1)
  if (control.info.direction === 'inbound') numbers.reverse()
  return numbers.filter((number) => !lanes.has(number) && !width.opening.has(number))
}
