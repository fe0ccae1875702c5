// Long: everything that happens to a copy between its promise and its end is read together.
import { hexOf } from '../bytes.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import { keepBurst, keepOwnersMax, keepPerSecond, keepStallMs, keepTellMs } from '../limits.ts'
import { Budget } from '../tracker/budget.ts'
import { isSame, objectionToOffer, objectionToSize } from './objections.ts'
import { ownerHex } from './receipt.ts'
import {
  isAboutInvitation,
  type KeepFrame,
  type KeepPolicy,
  type KeeperEffect,
  type KeeperInput,
  type Kept,
  type KeptTotals,
  type Offer,
  type RefuseCode
} from './types.ts'

type Request = Extract<KeepFrame, { type: 'offer' | 'ask-status' | 'release' }>
type Found = Extract<KeeperInput, { type: 'found' }>
/** What bounds an offer of something new. */
type Bounds = Pick<Found, 'theirs' | 'leftBytes'>

interface Asker {
  readonly peerId: PeerId
  readonly budget: Budget
  readonly followed: Set<SwarmId>
  /** The first of them waits for what the catalog says of its copy; the others for the first. */
  readonly waiting: Request[]
  isLooking: boolean
  /** That copy changed, and is in memory no more, since the catalog was asked. */
  isStale: boolean
}

/** One that something is done about: it is not whole, is being promised, or somebody is to be told of it. */
interface Copy {
  kept: Kept
  heldBytes: number
  isWhole: boolean
  hasBegun: boolean
  /** Promises that are not durable yet. */
  saving: number
  /** When something of it came last, or it was promised. */
  progressAtMs: number
  toldAtMs: number
  /** Askers to be told how it comes along. */
  readonly followers: Set<LaneId>
}

const nothing: KeptTotals = { copies: 0, bytes: 0 }

/**
 * Decides what a keeper keeps, for whom and how long. Copies that are whole and that nobody asks about are in the
 * catalog alone [KE24]. SPEC.md has the rules; time is that of the wall.
 */
export class Keeper {
  #policy: KeepPolicy
  readonly #copies = new Map<SwarmId, Copy>()
  readonly #askers = new Map<LaneId, Asker>()
  readonly #lanes = new Map<PeerId, LaneId>()
  /** Of all copies, also those in the catalog alone. */
  #promised: { copies: number; bytes: number } = { ...nothing }
  #coming = 0
  /** Nothing in memory ends before this: ends only move away, until the next look finds out how far. */
  #dueAtMs = Infinity
  /** The same for what is in the catalog alone. */
  #restingDueAtMs = Infinity
  #nowMs = 0
  #effects: KeeperEffect[] = []

  constructor(policy: KeepPolicy) {
    this.#policy = policy
  }

  /** What is promised, in all. */
  get promised(): KeptTotals {
    return this.#promised
  }

  /** Of it, what is not here yet. */
  get comingBytes(): number {
    let bytes = 0
    for (const { kept, heldBytes, isWhole } of this.#copies.values()) if (!isWhole) bytes += kept.sizeBytes - heldBytes
    return bytes
  }

  has(swarmId: SwarmId): boolean {
    return this.#copies.has(swarmId)
  }

  handle(nowMs: number, input: KeeperInput): KeeperEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    switch (input.type) {
      case 'restored':
        this.#restore(input.totals, input.coming)
        break
      case 'invited':
        this.#policy = { ...this.#policy, tokens: input.tokens, revoked: input.revoked }
        break
      case 'ended':
        this.#onEnded(input)
        break
      case 'signed':
        this.#onSigned(input)
        break
      case 'let-go':
        this.#tellNone(input.laneId, input.swarmId)
        break
      case 'opened':
        this.#open(input.laneId, input.peerId)
        break
      case 'frame':
        this.#onFrame(input.laneId, input.frame)
        break
      case 'found':
        this.#onFound(input)
        break
      case 'look-failed':
        this.#drop(input.laneId) // whoever asked asks again later
        break
      case 'closed':
        this.#close(input.laneId)
        break
      case 'wake':
        break
      default:
        this.#onCopy(input)
    }
    this.#endOverdue()
    return this.#effects
  }

  /** When `wake` is due: a term ends, or a copy is given up. [KE7] [KE8] */
  wakeAtMs(): number {
    return Math.min(this.#dueAtMs, this.#restingDueAtMs)
  }

  #restore(totals: KeptTotals, coming: readonly Kept[]): void {
    this.#restingDueAtMs = this.#nowMs
    for (const kept of coming) this.#begin(this.#take(kept))
    this.#promised = { ...totals }
  }

  /** What the store tells of a copy, or of its promise. */
  #onCopy(input: Extract<KeeperInput, { type: 'saved' | 'save-failed' | 'progress' | 'measured' | 'unusable' }>): void {
    const copy = this.#copies.get(input.swarmId)
    if (!copy) return
    switch (input.type) {
      case 'saved':
        copy.saving--
        this.#effects.push({ type: 'accept', laneId: input.laneId, kept: input.kept, fromMs: this.#nowMs })
        this.#begin(copy)
        this.#tell(input.laneId, copy)
        return this.#restIfIdle(copy)
      case 'save-failed':
        copy.saving--
        this.#refuse(input.laneId, input.swarmId, 'full')
        return copy.hasBegun ? this.#restIfIdle(copy) : this.#end(copy)
      case 'progress':
        return this.#onProgress(copy, input.heldBytes, input.isWhole)
      case 'measured':
        return input.sizeBytes > copy.kept.sizeBytes ? this.#giveUp(copy, 'too-large') : undefined
      case 'unusable':
        return this.#giveUp(copy, 'not-allowed')
    }
  }

  #open(laneId: LaneId, peerId: PeerId): void {
    const before = this.#lanes.get(peerId)
    if (before !== undefined) this.#drop(before)
    this.#lanes.set(peerId, laneId)
    const budget = new Budget(this.#nowMs, keepBurst, keepPerSecond)
    this.#askers.set(laneId, { peerId, budget, followed: new Set(), waiting: [], isLooking: false, isStale: false })
  }

  #close(laneId: LaneId): void {
    const asker = this.#askers.get(laneId)
    if (!asker) return
    this.#askers.delete(laneId)
    if (this.#lanes.get(asker.peerId) === laneId) this.#lanes.delete(asker.peerId)
    for (const swarmId of asker.followed) {
      const copy = this.#copies.get(swarmId)
      copy?.followers.delete(laneId)
      if (copy) this.#restIfIdle(copy)
    }
  }

  #follow(laneId: LaneId, copy: Copy): void {
    copy.followers.add(laneId)
    this.#askers.get(laneId)!.followed.add(copy.kept.swarmId)
  }

  #drop(laneId: LaneId): void {
    this.#close(laneId)
    this.#effects.push({ type: 'close', laneId })
  }

  #onFrame(laneId: LaneId, frame: KeepFrame): void {
    const asker = this.#askers.get(laneId)
    if (!asker) return
    if (!asker.budget.spend(this.#nowMs, 1)) return this.#drop(laneId)
    if (frame.type === 'unknown') return
    if (frame.type === 'ask-terms') return void this.#effects.push({ type: 'tell-terms', laneId })
    if (!isRequest(frame)) return this.#drop(laneId) // a keeper does not take this
    asker.waiting.push(frame)
    this.#serve(laneId, asker)
  }

  /** In the order in which they came; what is not in memory is looked up first. */
  #serve(laneId: LaneId, asker: Asker): void {
    while (asker.waiting.length > 0 && !asker.isLooking) {
      const [request] = asker.waiting as [Request]
      const copy = this.#copies.get(swarmOf(request))
      if (copy) {
        asker.waiting.shift()
        this.#onRequest(laneId, asker, request, copy, { theirs: nothing, leftBytes: 0 })
      } else {
        asker.isLooking = true
        this.#effects.push({ type: 'look', laneId, peerId: asker.peerId, swarmId: swarmOf(request) })
      }
    }
  }

  #onFound({ laneId, swarmId, whole, ...bounds }: Found): void {
    const asker = this.#askers.get(laneId)
    const isStale = asker?.isStale && !this.#copies.has(swarmId)
    if (asker) Object.assign(asker, { isLooking: false, isStale: false })
    if (asker && isStale) return this.#serve(laneId, asker)
    const copy = this.#copies.get(swarmId) ?? (whole && this.#take(whole.kept, whole.heldBytes))
    if (asker) {
      this.#onRequest(laneId, asker, asker.waiting.shift()!, copy, bounds)
      this.#serve(laneId, asker)
    }
    if (copy) this.#restIfIdle(copy)
  }

  #onRequest(laneId: LaneId, asker: Asker, request: Request, copy: Copy | undefined, bounds: Bounds): void {
    switch (request.type) {
      case 'offer':
        return this.#onOffer(laneId, asker, request.offer, copy, bounds)
      case 'ask-status':
        return this.#onAsk(laneId, request.swarmId, copy)
      case 'release':
        return this.#onRelease(laneId, request.swarmId, ownerHex(request.ownerKey), copy)
    }
  }

  #onOffer(laneId: LaneId, { peerId }: Asker, offer: Offer, copy: Copy | undefined, bounds: Bounds): void {
    const { swarmId, swarmKey, manifestCid, termMs } = offer
    const code = this.#objectionTo(peerId, offer, copy?.kept, bounds)
    if (code) return this.#refuse(laneId, swarmId, code)
    const owner = hexOf(offer.owner)
    const before = copy?.kept ?? { sizeBytes: offer.sizeBytes, peerId, untilMs: 0, owners: [] }
    const untilMs = Math.max(before.untilMs, this.#nowMs + termMs)
    const owners = [...before.owners.filter((each) => each !== owner), owner].slice(-keepOwnersMax)
    const kept = { manifestCid, swarmId, swarmKey, sizeBytes: before.sizeBytes, peerId: before.peerId, untilMs, owners }
    const promised = copy ?? this.#promise(kept)
    promised.kept = kept
    promised.saving++
    this.#follow(laneId, promised)
    if (!promised.isWhole) promised.progressAtMs = this.#nowMs
    this.#effects.push({ type: 'save', laneId, kept })
  }

  /** What is kept already takes no more room. [KE5] */
  #objectionTo(peerId: PeerId, offer: Offer, known: Kept | undefined, bounds: Bounds): RefuseCode | undefined {
    const code = objectionToOffer(this.#policy, peerId, offer)
    if (code) return code
    if (known) return isSame(known, offer) ? undefined : 'not-allowed'
    return objectionToSize(this.#policy, offer, { ...bounds, all: this.#promised, coming: this.#coming })
  }

  #onAsk(laneId: LaneId, swarmId: SwarmId, copy: Copy | undefined): void {
    if (!copy) return this.#tellNone(laneId, swarmId)
    this.#follow(laneId, copy)
    this.#tell(laneId, copy)
  }

  /** The copy goes with its last owner. Who lets go is told when that cannot be undone by a restart. [KE9] */
  #onRelease(laneId: LaneId, swarmId: SwarmId, owner: string, copy: Copy | undefined): void {
    if (!copy?.kept.owners.includes(owner)) return this.#tellNone(laneId, swarmId)
    const owners = copy.kept.owners.filter((each) => each !== owner)
    copy.followers.delete(laneId)
    if (owners.length === 0) return this.#end(copy, laneId)
    copy.kept = { ...copy.kept, owners }
    this.#effects.push({ type: 'update', laneId, kept: copy.kept })
    this.#restIfIdle(copy)
  }

  /** What ended while it was signed is gone: whoever offered it was told so, and offers it anew. [KE14] */
  #onSigned({ laneId, swarmId, receipt }: Extract<KeeperInput, { type: 'signed' }>): void {
    if (this.has(swarmId)) this.#effects.push({ type: 'send', laneId, frame: { type: 'accepted', swarmId, receipt } })
  }

  #onProgress(copy: Copy, heldBytes: number, isWhole: boolean): void {
    const isNews = isWhole && !copy.isWhole
    if (heldBytes > copy.heldBytes || isWhole !== copy.isWhole) copy.progressAtMs = this.#nowMs
    if (isNews) this.#coming--
    copy.heldBytes = heldBytes
    copy.isWhole ||= isWhole
    this.#dueAtMs = Math.min(this.#dueAtMs, endsAtMs(copy))
    if (isNews || this.#nowMs - copy.toldAtMs >= keepTellMs) {
      copy.toldAtMs = this.#nowMs
      for (const laneId of copy.followers) this.#tell(laneId, copy)
    }
    this.#restIfIdle(copy)
  }

  #promise(kept: Kept): Copy {
    const { copies, bytes } = this.#promised
    this.#promised = { copies: copies + 1, bytes: bytes + kept.sizeBytes }
    return this.#take(kept)
  }

  /** With `wholeBytes` all of it is here. */
  #take(kept: Kept, wholeBytes?: number): Copy {
    const isWhole = wholeBytes !== undefined
    const copy: Copy = {
      kept,
      heldBytes: wholeBytes ?? 0,
      isWhole,
      hasBegun: isWhole,
      saving: 0,
      progressAtMs: this.#nowMs,
      toldAtMs: -Infinity,
      followers: new Set()
    }
    if (!isWhole) this.#coming++
    this.#copies.set(kept.swarmId, copy)
    this.#dueAtMs = Math.min(this.#dueAtMs, endsAtMs(copy))
    return copy
  }

  /** The catalog has all there is to know of it. [KE24] */
  #restIfIdle(copy: Copy): void {
    const { kept, isWhole, saving, followers } = copy
    if (!isWhole || saving > 0 || followers.size > 0 || this.#copies.get(kept.swarmId) !== copy) return
    this.#leaveMemory(kept.swarmId)
    this.#restingDueAtMs = Math.min(this.#restingDueAtMs, kept.untilMs)
    this.#effects.push({ type: 'rest', swarmId: kept.swarmId })
  }

  /** Whoever has the catalog asked about it asks again: the answer may be of before. */
  #leaveMemory(swarmId: SwarmId): boolean {
    for (const asker of this.#askers.values())
      if (asker.isLooking && swarmOf(asker.waiting[0]!) === swarmId) asker.isStale = true
    return this.#copies.delete(swarmId)
  }

  #begin(copy: Copy): void {
    if (copy.hasBegun) return
    copy.hasBegun = true
    this.#effects.push({ type: 'begin', kept: copy.kept })
  }

  #giveUp(copy: Copy, code: RefuseCode): void {
    for (const laneId of copy.followers) this.#refuse(laneId, copy.kept.swarmId, code)
    copy.followers.clear()
    this.#end(copy)
  }

  #end(copy: Copy, by?: LaneId): void {
    const { swarmId, sizeBytes } = copy.kept
    if (!this.#leaveMemory(swarmId)) return
    if (!copy.isWhole) this.#coming--
    this.#ended({ copies: 1, bytes: sizeBytes })
    this.#effects.push({ type: 'end', swarmId, laneId: by, followers: [...copy.followers] })
  }

  #ended(gone: KeptTotals): void {
    const { copies, bytes } = this.#promised
    this.#promised = { copies: copies - gone.copies, bytes: bytes - gone.bytes }
  }

  #onEnded({ gone, nextAtMs }: Extract<KeeperInput, { type: 'ended' }>): void {
    this.#ended(gone)
    this.#restingDueAtMs = Math.min(this.#restingDueAtMs, nextAtMs)
  }

  #endOverdue(): void {
    if (this.#nowMs >= this.#restingDueAtMs) {
      this.#restingDueAtMs = Infinity // the answer says when to look again
      this.#effects.push({ type: 'end-overdue', byMs: this.#nowMs })
    }
    if (this.#nowMs < this.#dueAtMs) return
    this.#dueAtMs = Infinity
    for (const copy of this.#copies.values()) {
      if (endsAtMs(copy) <= this.#nowMs) this.#end(copy)
      else this.#dueAtMs = Math.min(this.#dueAtMs, endsAtMs(copy))
    }
  }

  #tell(laneId: LaneId, { kept, heldBytes, isWhole }: Copy): void {
    const { swarmId, untilMs } = kept
    const state = isWhole ? 'held' : 'coming'
    this.#effects.push({ type: 'send', laneId, frame: { type: 'status', swarmId, state, heldBytes, untilMs } })
  }

  #tellNone(laneId: LaneId, swarmId: SwarmId): void {
    const frame = { type: 'status', swarmId, state: 'none', heldBytes: 0, untilMs: 0 } as const
    this.#effects.push({ type: 'send', laneId, frame })
  }

  /** What only later versions understand is said before what all do. [KE31] */
  #refuse(laneId: LaneId, swarmId: SwarmId, code: RefuseCode): void {
    const codes: readonly RefuseCode[] = isAboutInvitation(code) ? [code, 'not-allowed'] : [code]
    for (const each of codes)
      this.#effects.push({ type: 'send', laneId, frame: { type: 'refused', swarmId, code: each } })
  }
}

const isRequest = (frame: KeepFrame): frame is Request => ['offer', 'ask-status', 'release'].includes(frame.type)

const swarmOf = (request: Request): SwarmId => (request.type === 'offer' ? request.offer : request).swarmId

/** A term ends, or what was promised does not come. */
const endsAtMs = ({ kept, isWhole, progressAtMs }: Copy): number =>
  isWhole ? kept.untilMs : Math.min(kept.untilMs, progressAtMs + keepStallMs)
