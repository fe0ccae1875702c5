import { sha256 } from '@noble/hashes/sha2.js'
import type { Bitmap } from '../block/bitmap.ts'
import { manifestCidOf } from '../block/cid.ts'
import { QuireError } from '../errors.ts'
import { BadFrame, BadProof, Duplicate, PeerLeft, Stalled, WrongManifest } from '../exchange/errors.ts'
import { proofOf, proofsEqual } from '../exchange/proof.ts'
import type { ByeCode, Frame, LaneInfo } from '../exchange/types.ts'
import type { LaneId } from '../ids.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { haveIntervalMs, helloTimeoutMs, rangesPerFrameMax, sessionsMax, stallTimeoutMs } from '../limits.ts'
import { Asking } from './asking.ts'
import { Peers } from './peers.ts'
import { Serving } from './serving.ts'
import { Session } from './session.ts'
import { SwarmState } from './state.ts'
import type { SessionView, SwarmEffect, SwarmInput, SwarmOptions } from './types.ts'

/** One data set and all its peers, as a machine: SPEC.md beside it has the rules. */
export class Swarm {
  readonly #state: SwarmState
  readonly #asking: Asking
  readonly #serving: Serving
  readonly #peers = new Peers()
  #stopped = false

  constructor(options: SwarmOptions) {
    this.#state = new SwarmState(options)
    this.#asking = new Asking(this.#state)
    this.#serving = new Serving(this.#state)
  }

  get held(): Bitmap | undefined {
    return this.#state.held
  }

  get manifest(): Manifest | undefined {
    return this.#state.manifest
  }

  sessions(): SessionView[] {
    return [...this.#state.sessions.values()].map((session) => ({
      laneId: session.lane.laneId,
      peerId: session.lane.peerId,
      role: session.role,
      complete: session.isComplete,
      isOpen: session.state === 'open',
      inFlightBlocks: session.inFlight.size,
      receivedBytes: session.receivedBytes,
      sentBytes: session.sentBytes
    }))
  }

  handle(nowMs: number, input: SwarmInput): SwarmEffect[] {
    const state = this.#state
    state.nowMs = Math.max(state.nowMs, nowMs) // time never runs backwards
    state.effects = []
    this.#take(input)
    this.#settle()
    return state.effects
  }

  /** When `wake` is due; Infinity: only another input changes anything. */
  wakeAtMs(): number {
    if (this.#stopped) return Infinity
    let earliest = this.#state.isComplete ? Infinity : this.#peers.wakeAtMs(this.#state.nowMs)
    for (const session of this.#state.sessions.values()) {
      if (session.state === 'greeting') earliest = Math.min(earliest, session.openedAtMs + helloTimeoutMs)
      if (this.#asking.owes(session)) earliest = Math.min(earliest, session.lastProgressMs + stallTimeoutMs)
      if (this.#hasNews(session)) earliest = Math.min(earliest, session.toldAtMs + haveIntervalMs)
    }
    return earliest
  }

  #take(input: SwarmInput): void {
    switch (input.type) {
      case 'lane-opened':
        return this.#onLane(input.lane)
      case 'frame':
        return this.#guard(input.laneId, (session) => this.#onFrame(session, input.frame))
      case 'lane-closed':
        return this.#onLaneClosed(input.laneId)
      case 'lane-blocked':
      case 'lane-drained':
        return this.#guard(input.laneId, (session) => void (session.blocked = input.type === 'lane-blocked'))
      case 'hashed':
        return this.#onHashed(input)
      case 'stored':
        if (this.#asking.onStored(input.indexes)) this.#state.emit({ type: 'complete' })
        return
      case 'store-failed':
        return this.#asking.onStoreFailed(input.indexes)
      case 'hashes-read':
        return this.#guard(input.laneId, (session) => this.#serving.onHashesRead(session, input.group, input.hashes))
      case 'group-known':
        return this.#asking.knowGroup(input.group, input.leaves)
      case 'blocks-sent':
        return this.#guard(input.laneId, (session) => this.#serving.onSent(session, input.bytes))
      case 'blocks-missing':
        return this.#guard(input.laneId, (session) => this.#serving.onMissing(session, input))
      case 'admit':
        return this.#asking.admit()
      case 'reader':
        return this.#asking.setReader(input.readerId, input.ranges)
      case 'peers':
        return this.#peers.found(input.peerIds)
      case 'connect-failed':
        return this.#peers.disconnected(this.#state.nowMs, input.peerId, true)
      case 'wake':
        return
      case 'stop':
        return this.#stop()
    }
  }

  /** What follows from any input: timeouts, then serve, ask, tell, dial. */
  #settle(): void {
    if (this.#stopped) return
    const { nowMs, sessions } = this.#state
    for (const session of [...sessions.values()]) {
      if (session.state === 'greeting' && nowMs - session.openedAtMs >= helloTimeoutMs) this.#end(session, new Stalled())
      else if (this.#asking.isStalled(session)) this.#end(session, new Stalled())
    }
    this.#serving.pump()
    this.#asking.fill()
    for (const session of this.#state.openSessions()) {
      if (this.#hasNews(session) && nowMs - session.toldAtMs >= haveIntervalMs) this.#serving.tell(session)
    }
    if (this.#state.isComplete) return
    for (const peerId of this.#peers.toDial(nowMs)) this.#state.emit({ type: 'connect', peerId })
  }

  #hasNews(session: Session): boolean {
    return session.state === 'open' && session.toTell.length > 0 && !session.toldComplete
  }

  /** Runs for a session that is alive; what a peer does wrong ends its session and nothing else. */
  #guard(laneId: LaneId, run: (session: Session) => void): void {
    const session = this.#state.sessions.get(laneId)
    if (!session || session.state === 'closed') return
    try {
      run(session)
    } catch (error) {
      if (!(error instanceof QuireError)) throw error
      this.#end(session, error)
    }
  }

  #onLane(lane: LaneInfo): void {
    const { options, sessions, nowMs } = this.#state
    if (this.#stopped || sessions.size >= sessionsMax || this.#peers.isBanned(nowMs, lane.peerId)) {
      this.#state.emit({ type: 'send', laneId: lane.laneId, frame: { type: 'bye', code: 'too-many' } })
      this.#state.emit({ type: 'close-lane', laneId: lane.laneId })
      return
    }
    const session = new Session(lane, nowMs)
    if (this.#state.manifest) session.sizeHoldings(this.#state.manifest.blockCount)
    sessions.set(lane.laneId, session)
    this.#peers.connected(lane.peerId)
    if (lane.direction === 'inbound') return
    const { swarmId, role } = options
    const proof = this.#proofBy(lane, 'initiator')
    this.#state.emit({ type: 'send', laneId: lane.laneId, frame: { type: 'hello', swarmId, role, lane: 0, proof } })
  }

  #onFrame(session: Session, frame: Frame): void {
    if (frame.type === 'unknown') return
    if (frame.type === 'bye') throw new PeerLeft(frame.code)
    if (session.state === 'greeting') return this.#onGreeting(session, frame)
    switch (frame.type) {
      case 'state':
        return this.#onState(session, frame)
      case 'have':
        return frame.ranges.forEach((range) => session.learn(range, true))
      case 'gone':
        session.claimsAll = false
        return frame.ranges.forEach((range) => session.learn(range, false))
      case 'want':
        return this.#serving.onWant(session, frame.ranges)
      case 'want-hashes':
        return this.#serving.onWantHashes(session, frame.group)
      case 'cancel':
        return frame.ranges.forEach((range) => session.cancel(range))
      case 'hashes':
        if (!this.#state.manifest) throw new BadFrame('hashes before the manifest')
        return this.#asking.onHashes(session, frame.group, frame.hashes)
      case 'refuse-hashes':
        return this.#asking.onHashesRefused(session, frame.group)
      case 'blocks':
        this.#asking.onBlocks(session, frame.start, frame.blocks)
        return this.#peers.proved(session.lane.peerId)
      case 'refuse':
        return this.#asking.onRefused(session, frame.ranges, frame.code)
      default:
        throw new BadFrame('a greeting in the middle')
    }
  }

  /** The first message of each side proves that it may take part. [EX5] */
  #onGreeting(session: Session, frame: Frame): void {
    const { lane } = session
    const expected = lane.direction === 'inbound' ? 'hello' : 'welcome'
    if (frame.type !== expected) throw new BadFrame('it did not begin with a greeting')
    const theirs = this.#proofBy(lane, lane.direction === 'inbound' ? 'initiator' : 'responder')
    if (theirs && !proofsEqual(frame.proof, theirs)) throw new BadProof()
    session.role = frame.role
    session.state = 'open'
    if (this.#endDuplicate(session)) return
    if (lane.direction === 'inbound') {
      const proof = this.#proofBy(lane, 'responder')
      const { role } = this.#state.options
      this.#state.emit({ type: 'send', laneId: lane.laneId, frame: { type: 'welcome', role, proof } })
    }
    this.#sendState(session)
  }

  /** Two peers that dialled each other keep the lane that the lower peer id opened. [EX6] */
  #endDuplicate(session: Session): boolean {
    const { localPeerId } = session.lane
    for (const other of this.#state.openSessions()) {
      if (other === session || other.lane.peerId !== session.lane.peerId) continue
      if (other.lane.direction === session.lane.direction) continue
      const lowerDialled = localPeerId < session.lane.peerId ? 'outbound' : 'inbound'
      const spare = session.lane.direction === lowerDialled ? other : session
      this.#end(spare, new Duplicate())
      return spare === session
    }
    return false
  }

  #sendState(session: Session): void {
    const { held, manifestBytes, options, isComplete } = this.#state
    const ranges = isComplete || !held ? [] : [...held.ranges()]
    session.toldComplete = isComplete
    session.toldAtMs = this.#state.nowMs
    const { laneId } = session.lane
    const frame = { type: 'state', serving: options.serving, complete: isComplete, manifest: manifestBytes } as const
    this.#state.emit({ type: 'send', laneId, frame: { ...frame, ranges: ranges.slice(0, rangesPerFrameMax) } })
    for (let at = rangesPerFrameMax; at < ranges.length; at += rangesPerFrameMax) {
      const more = ranges.slice(at, at + rangesPerFrameMax)
      this.#state.emit({ type: 'send', laneId, frame: { type: 'have', ranges: more } })
    }
  }

  #onState(session: Session, frame: Extract<Frame, { type: 'state' }>): void {
    session.serves = frame.serving
    session.claimsAll = frame.complete
    session.exhausted = false
    if (frame.manifest && !this.#state.manifest) this.#learnManifest(frame.manifest)
    const { manifest } = this.#state
    if (frame.complete && manifest) session.sizeHoldings(manifest.blockCount)
    frame.ranges.forEach((range) => session.learn(range, true))
    this.#startCursor(session)
  }

  /** The first peer is asked from the front; those that join later from elsewhere, so that they meet less. */
  #startCursor(session: Session): void {
    const { manifest, options } = this.#state
    const others = this.#state.openSessions().filter((other) => other !== session && other.serves)
    if (manifest && others.length > 0) session.cursor = Math.floor(options.random() * manifest.blockCount)
  }

  #learnManifest(bytes: Uint8Array): void {
    if (manifestCidOf(sha256(bytes)) !== this.#state.options.manifestCid) throw new WrongManifest()
    this.#state.learnManifest(bytes)
    this.#state.emit({ type: 'manifest', bytes, manifest: this.#state.manifest! })
  }

  #onHashed({ laneId, peerId, start, digests }: Extract<SwarmInput, { type: 'hashed' }>): void {
    const session = this.#state.sessions.get(laneId)
    const bad = this.#asking.onHashed(peerId, start, digests)
    if (bad && session) this.#end(session, bad)
  }

  #onLaneClosed(laneId: LaneId): void {
    const session = this.#state.sessions.get(laneId)
    if (!session) return
    const failed = session.state === 'greeting' || this.#asking.owes(session)
    this.#forget(session)
    this.#peers.disconnected(this.#state.nowMs, session.lane.peerId, failed)
  }

  #forget(session: Session): void {
    session.state = 'closed'
    this.#state.sessions.delete(session.lane.laneId)
    this.#asking.release(session)
  }

  /** Ends a session for a reason: says goodbye, closes the lane, and remembers what the peer did. [EX8] */
  #end(session: Session, error: QuireError): void {
    const { laneId, peerId } = session.lane
    this.#forget(session)
    this.#state.emit({ type: 'send', laneId, frame: { type: 'bye', code: byeCodeOf(error) } })
    this.#state.emit({ type: 'close-lane', laneId, error })
    if (error instanceof Duplicate) return
    const left = error instanceof PeerLeft
    this.#peers.disconnected(this.#state.nowMs, peerId, !left || error.bye !== 'leaving')
    if (left) return
    if (!(error instanceof Stalled)) this.#peers.ban(this.#state.nowMs, peerId)
    this.#state.emit({ type: 'dropped', peerId, error })
  }

  #stop(): void {
    this.#stopped = true
    for (const session of [...this.#state.sessions.values()]) {
      const { laneId } = session.lane
      this.#forget(session)
      this.#state.emit({ type: 'send', laneId, frame: { type: 'bye', code: 'leaving' } })
      this.#state.emit({ type: 'close-lane', laneId })
    }
  }

  #proofBy(lane: LaneInfo, by: 'initiator' | 'responder'): Uint8Array | undefined {
    const { swarmKey } = this.#state.options
    if (!swarmKey) return undefined
    const { localPeerId, peerId, direction } = lane
    const [initiator, responder] = direction === 'outbound' ? [localPeerId, peerId] : [peerId, localPeerId]
    return proofOf(swarmKey, initiator, responder, by)
  }
}

function byeCodeOf(error: QuireError): ByeCode {
  if (error instanceof BadProof) return 'bad-proof'
  if (error instanceof Duplicate) return 'duplicate'
  if (error instanceof Stalled) return 'stalled'
  return error.code === 'bad-block' ? 'bad-block' : error instanceof PeerLeft ? 'leaving' : 'protocol'
}
