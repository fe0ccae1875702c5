import { sha256 } from '@noble/hashes/sha2.js'
import type { Bitmap } from '../block/bitmap.ts'
import { manifestCidOf } from '../block/cid.ts'
import { QuireError } from '../errors.ts'
import { BadFrame, PeerLeft, WrongManifest } from '../exchange/errors.ts'
import type { Frame } from '../exchange/types.ts'
import type { LaneId, PeerId } from '../ids.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { Asking } from './asking.ts'
import { Introducing } from './introducing.ts'
import type { SwarmLane } from './lane.ts'
import { PassingOn } from './passing-on.ts'
import { Peers } from './peers.ts'
import { Serving } from './serving.ts'
import { type Session, viewOf } from './session.ts'
import { Sessions } from './sessions.ts'
import { Spreading } from './spreading.ts'
import { SwarmState } from './state.ts'
import { Telling } from './telling.ts'
import { Widening } from './widening.ts'
import type { SessionView, SwarmEffect, SwarmInput, SwarmOptions } from './types.ts'

/** One data set and all its peers, as a machine: SPEC.md beside it has the rules. */
export class Swarm {
  readonly #state: SwarmState
  readonly #asking: Asking
  readonly #serving: Serving
  readonly #telling: Telling
  readonly #spreading: Spreading
  readonly #passingOn: PassingOn
  readonly #peers = new Peers()
  readonly #introducing: Introducing
  readonly #sessions: Sessions
  readonly #widening: Widening
  readonly #standing = {
    isTrading: () => this.#state.isTrading,
    isStarved: () => this.#asking.isStarved,
    isOwed: () => !this.#state.isStarved
  }
  #hasStopped = false

  constructor(options: SwarmOptions) {
    this.#state = new SwarmState(options)
    this.#passingOn = new PassingOn(this.#state)
    this.#asking = new Asking(this.#state, this.#passingOn)
    this.#serving = new Serving(this.#state)
    this.#telling = new Telling(this.#state)
    this.#spreading = new Spreading(this.#state)
    this.#introducing = new Introducing(this.#state, this.#peers)
    this.#sessions = new Sessions(this.#state, this.#asking, this.#serving, this.#spreading, this.#peers)
    this.#widening = new Widening(this.#state, this.#sessions, this.#peers)
  }

  get held(): Bitmap | undefined {
    return this.#state.held
  }

  get manifest(): Manifest | undefined {
    return this.#state.manifest
  }

  /** Peers that have greeted. */
  sessions(): SessionView[] {
    return [...this.#state.sessions.values()].map(viewOf)
  }

  /** How to reach a peer, as far as anybody told. */
  recordOf(peerId: PeerId): Uint8Array | undefined {
    return this.#peers.recordOf(peerId)
  }

  handle(nowMs: number, input: SwarmInput): SwarmEffect[] {
    const state = this.#state
    state.nowMs = Math.max(state.nowMs, nowMs) // time never runs backwards
    state.effects = []
    if (input.type !== 'wake') this.#sessions.endOverdue() // after a sleep this may be the last of a connection that is gone
    this.#take(input)
    this.#settle()
    return state.effects
  }

  /** When `wake` is due; Infinity: only another input changes anything. */
  wakeAtMs(): number {
    if (this.#hasStopped) return Infinity
    return Math.min(
      this.#state.overdueAtMs,
      this.#telling.wakeAtMs(),
      this.#asking.wakeAtMs(),
      this.#passingOn.wakeAtMs(),
      this.#serving.wakeAtMs(),
      this.#introducing.wakeAtMs(),
      this.#widening.wakeAtMs(),
      this.#state.isComplete ? Infinity : this.#peers.wakeAtMs()
    )
  }

  #take(input: SwarmInput): void {
    if (this.#hasStopped) {
      if (input.type === 'lane-opened') this.#sessions.refuse(input.lane.laneId)
      return
    }
    switch (input.type) {
      case 'lane-opened':
        this.#widening.opened(input.lane)
        return this.#sessions.opened(input.lane)
      case 'lane-closed':
        return this.#sessions.closed(input.laneId)
      case 'admit':
        return this.#asking.admit()
      case 'reader':
        return this.#asking.setReader(input.readerId, input.ranges)
      case 'group-known':
        return this.#asking.knowGroup(input.group, input.leaves)
      case 'peers':
        return this.#peers.found(input.peers)
      case 'self':
        return this.#introducing.setSelf(input.self)
      case 'connect-failed':
        return this.#onConnectFailed(input)
      case 'widen-failed':
        return this.#widening.failed(input.peerId, input.number)
      case 'stop':
        return this.#stop()
      case 'wake':
        return this.#widening.woken(this.wakeAtMs())
      case 'hashed':
      case 'stored':
      case 'store-failed':
      case 'evicted':
        return this.#onStore(input)
      default:
        return this.#onLane(input)
    }
  }

  /** What hasher and store report. */
  #onStore(input: Extract<SwarmInput, { type: 'hashed' | 'stored' | 'store-failed' | 'evicted' }>): void {
    switch (input.type) {
      case 'hashed': {
        const bad = this.#asking.onHashed(input.peerId, input.start, input.digests)
        const session = this.#state.sessions.get(input.peerId)
        if (bad && session) return this.#sessions.end(session.control, bad)
        return bad && this.#sessions.lied(input.peerId, bad) // it has left meanwhile
      }
      case 'stored': {
        const wasComplete = this.#state.isComplete
        this.#passingOn.settled(input.indexes)
        this.#asking.onStored(input.indexes)
        this.#telling.stored(input.indexes)
        if (wasComplete || !this.#state.isComplete) return
        this.#widening.ended()
        return this.#state.emit({ type: 'complete' })
      }
      case 'store-failed':
        this.#passingOn.settled(input.indexes)
        return this.#asking.onStoreFailed(input.indexes)
      case 'evicted':
        return this.#telling.evicted(this.#asking.onEvicted(input.ranges))
    }
  }

  /** What comes of a lane that is alive; what its peer does wrong ends it and nothing else. */
  #onLane(
    input: Extract<SwarmInput, { laneId: LaneId }> & { type: Exclude<SwarmInput['type'], 'hashed' | 'lane-closed'> }
  ): void {
    const lane = this.#state.lanes.get(input.laneId)
    if (!lane) return
    try {
      this.#onLaneInput(lane, input)
    } catch (error) {
      if (!(error instanceof QuireError)) throw error
      this.#sessions.end(lane, error)
    }
  }

  #onLaneInput(lane: SwarmLane, input: SwarmInput): void {
    switch (input.type) {
      case 'frame':
        return this.#onFrame(lane, input.frame)
      case 'lane-broken':
        throw input.error
      case 'lane-blocked':
      case 'lane-drained':
        return this.#serving.setBlocked(lane, input.type === 'lane-blocked')
      case 'hashes-read':
        return this.#serving.onHashesRead(lane, input.group, input.hashes)
      case 'blocks-sent':
        return this.#serving.onSent(lane, input.bytes)
      case 'blocks-missing':
        return this.#serving.onMissing(lane, input)
    }
  }

  #onFrame(lane: SwarmLane, frame: Frame): void {
    if (frame.type === 'unknown') return
    if (frame.type === 'bye') throw new PeerLeft(frame.code)
    if (lane.state === 'greeting') {
      const session = this.#sessions.greeted(lane, frame)
      if (session) this.#begin(session)
      return
    }
    switch (frame.type) {
      case 'want':
        return this.#spreading.wanted(lane.session!, this.#serving.onWant(lane, frame.ranges))
      case 'suggest':
        return this.#asking.onSuggest(lane.session!, frame.ranges)
      case 'peers':
        return this.#introducing.hear(lane.session!, frame.peers)
      case 'want-hashes':
        return this.#serving.onWantHashes(lane, frame.group)
      case 'cancel':
        return this.#serving.onCancel(lane, frame.ranges)
      case 'hashes':
        return this.#asking.onHashes(lane, frame.group, frame.hashes)
      case 'refuse-hashes':
        return this.#asking.onHashesRefused(lane, frame.group, frame.code)
      case 'blocks':
        this.#asking.onBlocks(lane, frame.start, frame.blocks)
        return this.#peers.proved(this.#state.nowMs, lane.info.peerId, frame.blocks)
      case 'refuse':
        return this.#asking.onRefused(lane, frame.ranges, frame.code)
      case 'hello':
      case 'welcome':
        throw new BadFrame('a greeting in the middle')
      default:
        return this.#onHoldings(lane, frame)
    }
  }

  /** What a peer says of its holdings, which it says on the first lane alone. [EX8] */
  #onHoldings(lane: SwarmLane, frame: Extract<Frame, { type: 'state' | 'have' | 'gone' }>): void {
    const session = lane.session!
    if (session.control !== lane) throw new BadFrame('holdings on a further lane')
    this.#asking.changed(session)
    this.#spreading.changed(session)
    if (frame.type !== 'state') return session.learn(frame.ranges, frame.type === 'have', this.#state.holders)
    session.wasToldManifest ||= frame.manifest !== undefined
    if (frame.manifest && !this.#learnManifest(frame.manifest)) return
    this.#telling.onState(session, frame)
    this.#introducing.began()
  }

  #begin(session: Session): void {
    const { manifest } = this.#state
    if (manifest) session.size(manifest.blockCount)
    this.#telling.tellState(session)
    this.#widening.began()
  }

  /** Returns whether there is one now that can be worked with; throws WrongManifest. [SW1] */
  #learnManifest(bytes: Uint8Array): boolean {
    if (this.#state.manifest) return true
    if (manifestCidOf(sha256(bytes)) !== this.#state.options.manifestCid) throw new WrongManifest()
    try {
      this.#state.learnManifest(bytes)
    } catch (error) {
      if (!(error instanceof QuireError)) throw error
      this.#state.emit({ type: 'unusable', error })
      this.#stop()
      return false
    }
    this.#state.emit({ type: 'manifest', bytes, manifest: this.#state.manifest! })
    this.#asking.begin()
    for (const session of this.#state.sessions.values()) if (!session.wasToldManifest) this.#telling.tellState(session)
    return true
  }

  #onConnectFailed({ peerId }: { peerId: Session['peerId'] }): void {
    const isHere = [...this.#state.lanes.values()].some((lane) => lane.info.peerId === peerId)
    if (!isHere) this.#peers.disconnected(this.#state.nowMs, peerId, true)
  }

  /** What follows from any input: timeouts, then serve, ask, tell, dial. */
  #settle(): void {
    if (this.#hasStopped) return
    this.#sessions.endOverdue()
    this.#serving.pump()
    this.#spreading.suggest()
    this.#asking.fill()
    this.#passingOn.flush()
    this.#telling.tellNews()
    this.#introducing.tell()
    this.#widening.look()
    if (this.#state.isComplete) return
    const toDial = this.#peers.toDial(this.#state.nowMs, this.#standing)
    for (const peer of toDial) this.#state.emit({ type: 'connect', ...peer })
  }

  #stop(): void {
    this.#hasStopped = true
    this.#sessions.leaveAll()
  }
}
