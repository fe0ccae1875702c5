import type { QuireError } from '../errors.ts'
import { BadProof, Duplicate, PeerLeft, Stalled, TooMany } from '../exchange/errors.ts'
import type { ByeCode, Frame, LaneInfo } from '../exchange/types.ts'
import type { LaneId, PeerId } from '../ids.ts'
import {
  dialTimeoutMs,
  furtherLanesTakenMax,
  helloTimeoutMs,
  lanesPerSessionMax,
  sessionsAcceptedMax,
  sessionsMax,
  sleptMs
} from '../limits.ts'
import type { Asking } from './asking.ts'
import { Greeting } from './greeting.ts'
import { SwarmLane } from './lane.ts'
import type { Peers } from './peers.ts'
import { leastUseful } from './places.ts'
import type { Serving } from './serving.ts'
import { Session } from './session.ts'
import type { Spreading } from './spreading.ts'
import type { SwarmState } from './state.ts'

/** How lanes and sessions begin and end, and why. Owns `lanes` and `sessions`. */
export class Sessions {
  readonly #state: SwarmState
  readonly #asking: Asking
  readonly #serving: Serving
  readonly #spreading: Spreading
  readonly #peers: Peers
  readonly #greeting: Greeting

  constructor(state: SwarmState, asking: Asking, serving: Serving, spreading: Spreading, peers: Peers) {
    this.#state = state
    this.#asking = asking
    this.#serving = serving
    this.#spreading = spreading
    this.#peers = peers
    this.#greeting = new Greeting(state)
  }

  opened(info: LaneInfo): void {
    const { lanes, nowMs } = this.#state
    if (lanes.size >= sessionsMax * lanesPerSessionMax || this.#peers.isBanned(nowMs, info.peerId)) {
      return this.refuse(info.laneId)
    }
    // Its session ended while it was being opened.
    if (info.number && !this.#state.sessions.has(info.peerId))
      return this.#state.emit({ type: 'close-lane', laneId: info.laneId })
    const lane = new SwarmLane(info, nowMs)
    lanes.set(info.laneId, lane)
    this.#state.overdueAtMs = Math.min(this.#state.overdueAtMs, nowMs + helloTimeoutMs)
    this.#peers.connected(nowMs, info)
    if (info.direction === 'outbound') this.#greeting.sayHello(lane)
  }

  /** Says that there is no room, to a lane that is not taken. */
  refuse(laneId: LaneId): void {
    this.#state.emit({ type: 'send', laneId, frame: { type: 'bye', code: 'too-many' } })
    this.#state.emit({ type: 'close-lane', laneId })
  }

  /** The first frame of a lane. Returns the session if this began one; throws why the lane must end. */
  greeted(lane: SwarmLane, frame: Frame): Session | undefined {
    const { role, number } = this.#greeting.check(lane, frame)
    const before = number === 0 ? this.#makeWay(lane) : undefined
    const session = number === 0 ? new Session(lane, lane.info.peerId, role) : this.#sessionOf(lane, number)
    if (before) session.usefulAtMs = before.usefulAtMs
    lane.session = session
    lane.state = 'open'
    if (lane.info.direction === 'outbound') session.width.answeredIn(this.#state.nowMs - lane.openedAtMs)
    session.lanes.set(number, lane)
    if (lane.info.direction === 'inbound') this.#greeting.sayWelcome(lane)
    if (number > 0) {
      this.#asking.changed(session)
      return undefined
    }
    this.#state.sessions.set(session.peerId, session)
    return session
  }

  /** The lane is gone, whoever closed it. */
  closed(laneId: LaneId): void {
    const lane = this.#state.lanes.get(laneId)
    if (!lane) return
    const failed = lane.state === 'greeting' || lane.isOwed
    for (const each of lanesWith(lane)) {
      this.#forget(each)
      if (each !== lane) this.#state.emit({ type: 'close-lane', laneId: each.info.laneId })
    }
    this.#left(lane.info.peerId, failed)
  }

  /**
   * Ends a lane for a reason, and its session with it where the lane is the first or the peer lied: says goodbye,
   * closes, and remembers what the peer did. [EX13]
   */
  end(lane: SwarmLane, error: QuireError): void {
    if (lane.state === 'closed') return
    const control = lane.session?.control ?? lane
    const ended = lanesWith(isLie(error) ? control : lane)
    for (const each of ended) {
      this.#forget(each)
      const { laneId } = each.info
      if (!(error instanceof PeerLeft))
        this.#state.emit({ type: 'send', laneId, frame: { type: 'bye', code: byeCodeOf(error) } })
      this.#state.emit({ type: 'close-lane', laneId, error, lost: error instanceof Stalled })
    }
    if (isLie(error)) return this.lied(lane.info.peerId, error)
    const gaveWay = error instanceof TooMany && lane.session !== undefined
    const hasFailed = gaveWay || error instanceof Stalled || (error instanceof PeerLeft && error.bye !== 'leaving')
    this.#left(lane.info.peerId, hasFailed)
    if (error instanceof Stalled && ended.includes(control))
      this.#state.emit({ type: 'dropped', peerId: lane.info.peerId, error })
  }

  /** A peer did what no honest peer does; it is left alone for long. */
  lied(peerId: PeerId, error: QuireError): void {
    this.#peers.ban(this.#state.nowMs, peerId)
    this.#left(peerId, true)
    this.#state.emit({ type: 'dropped', peerId, error })
  }

  /** Ends what is silent for too long. Where this machine slept, its peers are not to blame, and are dialled at once. [SW11] */
  endOverdue(): void {
    const { lanes, nowMs } = this.#state
    if (this.#state.overdueAtMs > nowMs) return
    const hasSlept = nowMs - this.#state.overdueAtMs >= sleptMs
    for (const lane of [...lanes.values()]) {
      const isMute = lane.state === 'greeting' && nowMs >= lane.openedAtMs + helloTimeoutMs
      if (!isMute && nowMs < lane.stallsAtMs) continue
      if (hasSlept) this.#lose(lane)
      else this.end(lane, new Stalled())
    }
    this.#state.overdueAtMs = Infinity
    for (const { state, openedAtMs, stallsAtMs } of lanes.values()) {
      if (state === 'greeting') this.#state.overdueAtMs = Math.min(this.#state.overdueAtMs, openedAtMs + helloTimeoutMs)
      this.#state.overdueAtMs = Math.min(this.#state.overdueAtMs, stallsAtMs)
    }
  }

  #lose(lane: SwarmLane): void {
    for (const each of lanesWith(lane)) {
      this.#forget(each)
      this.#state.emit({ type: 'close-lane', laneId: each.info.laneId, lost: true })
    }
    this.#left(lane.info.peerId, false)
    this.#peers.seekAgain(lane.info.peerId)
  }

  leaveAll(): void {
    for (const lane of [...this.#state.lanes.values()]) this.leave(lane)
  }

  /** Ends one lane, which is no failure. */
  leave(lane: SwarmLane): void {
    this.#forget(lane)
    const { laneId } = lane.info
    this.#state.emit({ type: 'send', laneId, frame: { type: 'bye', code: 'leaving' } })
    this.#state.emit({ type: 'close-lane', laneId })
  }

  /**
   * One session for two peers. Those that dialled each other keep the lane that the lower peer id opened; one that
   * dials later has lost the lane before. Returns that session; throws when the new one is the spare. [EX7]
   */
  #makeWay({ info }: SwarmLane): Session | undefined {
    const before = this.#state.sessions.get(info.peerId)
    if (before) {
      const kept = info.localPeerId < info.peerId ? 'outbound' : 'inbound'
      const { direction } = before.control.info
      const haveCrossed = this.#state.nowMs - before.control.openedAtMs < dialTimeoutMs
      if (haveCrossed && direction !== info.direction && direction === kept) throw new Duplicate()
      this.end(before.control, new Duplicate())
    }
    this.#findPlace(info.peerId)
    return before
  }

  /** Whoever is of least use leaves for it where no place is free; who came by itself, for another such. [SW20] */
  #findPlace(peerId: PeerId): void {
    const { sessions, nowMs, isComplete } = this.#state
    const accepted = [...sessions.values()].filter((each) => !this.#peers.isSought(each.peerId))
    const isSought = this.#peers.isSought(peerId)
    const isFull = !isSought && !isComplete && accepted.length >= sessionsAcceptedMax
    if (!isFull && sessions.size < sessionsMax) return
    const least = leastUseful(isSought ? sessions.values() : accepted, nowMs, !isComplete)
    if (!least) throw new TooMany()
    this.end(least.control, new TooMany())
  }

  /** The session that a further lane belongs to. [EX8] */
  #sessionOf(lane: SwarmLane, number: number): Session {
    const session = this.#state.sessions.get(lane.info.peerId)
    if (!session) throw new Duplicate() // it ended here, and its peer has not heard
    const isFull = lane.info.direction === 'inbound' && this.#furtherTaken >= furtherLanesTakenMax
    if (session.lanes.size >= lanesPerSessionMax || isFull) throw new TooMany()
    if (session.lanes.has(number)) throw new Duplicate()
    return session
  }

  /** Further lanes that others opened: they take nothing from those that we open. */
  get #furtherTaken(): number {
    const isTaken = ({ info, session }: SwarmLane): boolean =>
      info.direction === 'inbound' && session !== undefined && session.control.info !== info
    return this.#state.lanes.values().filter(isTaken).toArray().length
  }

  #forget(lane: SwarmLane): void {
    lane.state = 'closed'
    this.#state.lanes.delete(lane.info.laneId)
    const { session } = lane
    if (session) {
      for (const [number, each] of session.lanes) if (each === lane) session.lanes.delete(number)
      if (session.control === lane) {
        this.#state.sessions.delete(session.peerId)
        session.leave(this.#state.holders)
        this.#spreading.left(session)
      }
    }
    this.#serving.release(lane)
    this.#asking.release(lane)
  }

  /** A lane to a peer ended; the peer is only gone when it was the last. */
  #left(peerId: PeerId, failed: boolean): void {
    for (const lane of this.#state.lanes.values()) if (lane.info.peerId === peerId) return
    this.#peers.disconnected(this.#state.nowMs, peerId, failed)
  }
}

/** The lanes that end with this one: all of its session if it is the first. */
const lanesWith = (lane: SwarmLane): SwarmLane[] =>
  lane.session?.control === lane ? [...lane.session.lanes.values()] : [lane]

const isLie = (error: QuireError): boolean =>
  !(error instanceof PeerLeft || error instanceof Stalled || error instanceof Duplicate || error instanceof TooMany)

function byeCodeOf(error: QuireError): ByeCode {
  if (error instanceof BadProof) return 'bad-proof'
  if (error instanceof Duplicate) return 'duplicate'
  if (error instanceof TooMany) return 'too-many'
  if (error instanceof Stalled) return 'stalled'
  return error.code === 'bad-block' ? 'bad-block' : 'protocol'
}
