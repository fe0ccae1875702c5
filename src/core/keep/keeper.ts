import { bytesEqual, hexOf } from '../bytes.ts'
import { plainSwarmId } from '../envelope/keys.ts'
import type { LaneId, PeerId, SwarmId } from '../ids.ts'
import {
  keepBurst,
  keepOwnersMax,
  keepPeerSetsMax,
  keepPerSecond,
  keepSetsMax,
  keepStallMs,
  keepTellMs
} from '../limits.ts'
import { Budget } from '../tracker/budget.ts'
import { ownerHex } from './receipt.ts'
import type { KeepFrame, KeepPolicy, KeeperEffect, KeeperInput, Kept, Offer, RefuseCode } from './types.ts'

interface Asker {
  readonly peerId: PeerId
  readonly budget: Budget
  readonly followed: Set<SwarmId>
}

interface Copy {
  kept: Kept
  heldBytes: number
  isWhole: boolean
  hasBegun: boolean
  /** When something of it came last, or it was promised. */
  progressAtMs: number
  toldAtMs: number
  /** Askers to be told how it comes along. */
  readonly followers: Set<LaneId>
}

/** Decides what a keeper keeps, for whom and how long. SPEC.md has the rules; time is that of the wall. */
export class Keeper {
  readonly #policy: KeepPolicy
  readonly #copies = new Map<SwarmId, Copy>()
  readonly #askers = new Map<LaneId, Asker>()
  readonly #lanes = new Map<PeerId, LaneId>()
  #promisedBytes = 0
  /** Nothing ends before this: ends only move away, until the next look finds out how far. */
  #dueAtMs = Infinity
  #nowMs = 0
  #effects: KeeperEffect[] = []

  constructor(policy: KeepPolicy) {
    this.#policy = policy
  }

  get promisedBytes(): number {
    return this.#promisedBytes
  }

  get copyCount(): number {
    return this.#copies.size
  }

  handle(nowMs: number, input: KeeperInput): KeeperEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    switch (input.type) {
      case 'restored':
        this.#put(input.kept)
        this.#begin(this.#copies.get(input.kept.swarmId)!)
        break
      case 'opened':
        this.#open(input.laneId, input.peerId)
        break
      case 'frame':
        this.#onFrame(input.laneId, input.frame)
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
    return this.#dueAtMs
  }

  /** What the store tells of a copy, or of its promise. */
  #onCopy(input: Extract<KeeperInput, { swarmId: SwarmId }>): void {
    const copy = this.#copies.get(input.swarmId)
    if (!copy) return
    switch (input.type) {
      case 'saved':
        this.#effects.push({ type: 'accept', laneId: input.laneId, kept: copy.kept, fromMs: this.#nowMs })
        this.#begin(copy)
        return this.#tell(input.laneId, copy)
      case 'save-failed':
        this.#refuse(input.laneId, input.swarmId, 'full')
        return copy.hasBegun ? undefined : this.#end(copy)
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
    this.#askers.set(laneId, { peerId, budget: new Budget(this.#nowMs, keepBurst, keepPerSecond), followed: new Set() })
  }

  #close(laneId: LaneId): void {
    const asker = this.#askers.get(laneId)
    if (!asker) return
    this.#askers.delete(laneId)
    if (this.#lanes.get(asker.peerId) === laneId) this.#lanes.delete(asker.peerId)
    for (const swarmId of asker.followed) this.#copies.get(swarmId)?.followers.delete(laneId)
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
    switch (frame.type) {
      case 'offer':
        return this.#onOffer(laneId, asker, frame.offer)
      case 'ask-status':
        return this.#onAsk(laneId, frame.swarmId)
      case 'release':
        return this.#onRelease(laneId, frame.swarmId, ownerHex(frame.ownerKey))
      case 'ask-terms':
        return void this.#effects.push({ type: 'tell-terms', laneId })
      case 'unknown':
        return
      default:
        this.#drop(laneId) // a keeper does not take this
    }
  }

  #onOffer(laneId: LaneId, asker: Asker, offer: Offer): void {
    const { swarmId, termMs } = offer
    const known = this.#copies.get(swarmId)
    const code = this.#objectionTo(asker, offer, known?.kept)
    if (code) return this.#refuse(laneId, swarmId, code)
    const owner = hexOf(offer.owner)
    const untilMs = Math.max(known?.kept.untilMs ?? 0, this.#nowMs + termMs)
    const others = (known?.kept.owners ?? []).filter((each) => each !== owner)
    const owners = [...others, owner].slice(-keepOwnersMax)
    const { manifestCid, swarmKey } = offer
    const { sizeBytes, peerId } = known?.kept ?? { sizeBytes: offer.sizeBytes, peerId: asker.peerId }
    this.#put({ manifestCid, swarmId, swarmKey, sizeBytes, peerId, untilMs, owners })
    const copy = this.#copies.get(swarmId)!
    this.#follow(laneId, copy)
    if (!copy.isWhole) copy.progressAtMs = this.#nowMs
    this.#effects.push({ type: 'save', laneId, kept: copy.kept })
  }

  /** Why an offer is refused, or undefined. What is kept already takes no more room. [KE2] [KE3] [KE4] */
  #objectionTo(asker: Asker, offer: Offer, known: Kept | undefined): RefuseCode | undefined {
    const { tokens, peers, termMsMax, dataSetBytesMax, peerBytesMax, bytesMax } = this.#policy
    const byToken = tokens?.some((token) => offer.token !== undefined && bytesEqual(token, offer.token)) ?? false
    const byName = peers?.includes(asker.peerId) ?? false
    if ((tokens || peers) && !byToken && !byName) return 'not-allowed'
    if (!offer.swarmKey && offer.swarmId !== plainSwarmId(offer.manifestCid)) return 'not-allowed'
    if (offer.termMs > termMsMax) return 'term-too-long'
    if (known) return isSame(known, offer) ? undefined : 'not-allowed'
    if (offer.sizeBytes === 0 || offer.sizeBytes > dataSetBytesMax) return 'too-large'
    const theirs = [...this.#copies.values()].filter(({ kept }) => kept.peerId === asker.peerId)
    const theirBytes = theirs.reduce((sum, { kept }) => sum + kept.sizeBytes, 0)
    const hasRoom =
      this.#promisedBytes + offer.sizeBytes <= bytesMax &&
      theirBytes + offer.sizeBytes <= peerBytesMax &&
      this.#copies.size < keepSetsMax &&
      theirs.length < keepPeerSetsMax
    return hasRoom ? undefined : 'full'
  }

  #onAsk(laneId: LaneId, swarmId: SwarmId): void {
    const copy = this.#copies.get(swarmId)
    if (!copy) return this.#tellNone(laneId, swarmId)
    this.#follow(laneId, copy)
    this.#tell(laneId, copy)
  }

  /** The copy goes with its last owner. [KE9] */
  #onRelease(laneId: LaneId, swarmId: SwarmId, owner: string): void {
    const copy = this.#copies.get(swarmId)
    if (!copy?.kept.owners.includes(owner)) return this.#tellNone(laneId, swarmId)
    const owners = copy.kept.owners.filter((each) => each !== owner)
    copy.followers.delete(laneId)
    this.#tellNone(laneId, swarmId)
    if (owners.length === 0) return this.#end(copy)
    this.#put({ ...copy.kept, owners })
    this.#effects.push({ type: 'update', kept: copy.kept })
  }

  #onProgress(copy: Copy, heldBytes: number, isWhole: boolean): void {
    const isNews = isWhole && !copy.isWhole
    if (heldBytes > copy.heldBytes || isWhole !== copy.isWhole) copy.progressAtMs = this.#nowMs
    copy.heldBytes = heldBytes
    copy.isWhole = isWhole
    this.#dueAtMs = Math.min(this.#dueAtMs, endsAtMs(copy))
    if (!isNews && this.#nowMs - copy.toldAtMs < keepTellMs) return
    copy.toldAtMs = this.#nowMs
    for (const laneId of copy.followers) this.#tell(laneId, copy)
  }

  #put(kept: Kept): void {
    const known = this.#copies.get(kept.swarmId)
    if (known) {
      known.kept = kept
      return
    }
    this.#promisedBytes += kept.sizeBytes
    const copy: Copy = {
      kept,
      heldBytes: 0,
      isWhole: false,
      hasBegun: false,
      progressAtMs: this.#nowMs,
      toldAtMs: -Infinity,
      followers: new Set()
    }
    this.#copies.set(kept.swarmId, copy)
    this.#dueAtMs = Math.min(this.#dueAtMs, endsAtMs(copy))
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

  #end(copy: Copy): void {
    const { swarmId, sizeBytes } = copy.kept
    if (!this.#copies.delete(swarmId)) return
    this.#promisedBytes -= sizeBytes
    for (const laneId of copy.followers) this.#tellNone(laneId, swarmId)
    this.#effects.push({ type: 'end', swarmId })
  }

  #endOverdue(): void {
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

  #refuse(laneId: LaneId, swarmId: SwarmId, code: RefuseCode): void {
    this.#effects.push({ type: 'send', laneId, frame: { type: 'refused', swarmId, code } })
  }
}

/** A term ends, or what was promised does not come. */
const endsAtMs = ({ kept, isWhole, progressAtMs }: Copy): number =>
  isWhole ? kept.untilMs : Math.min(kept.untilMs, progressAtMs + keepStallMs)

function isSame(kept: Kept, offer: Offer): boolean {
  const keysAgree =
    kept.swarmKey && offer.swarmKey ? bytesEqual(kept.swarmKey, offer.swarmKey) : kept.swarmKey === offer.swarmKey
  return keysAgree && kept.manifestCid === offer.manifestCid
}
