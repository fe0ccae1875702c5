import { Bitmap } from '../block/bitmap.ts'
import type { LaneId, PeerId } from '../ids.ts'
import { silenceMs, stallTimeoutMs } from '../limits.ts'
import { decodeManifest, type Manifest } from '../manifest/manifest.ts'
import { Holders } from './holders.ts'
import type { SwarmLane } from './lane.ts'
import type { Session } from './session.ts'
import { nextBeginMs } from './width.ts'
import type { SwarmEffect, SwarmOptions } from './types.ts'

/** What the parts of a swarm share. Each part changes only what its own comment names. */
export class SwarmState {
  readonly options: SwarmOptions
  readonly lanes = new Map<LaneId, SwarmLane>()
  /** One for each peer that has greeted. */
  readonly sessions = new Map<PeerId, Session>()
  manifest: Manifest | undefined
  manifestBytes: Uint8Array | undefined
  /** What is durable here; undefined until the manifest is known. */
  held: Bitmap | undefined
  /** What the peers of all sessions hold; undefined until the manifest is known. */
  holders: Holders | undefined
  /** No lane is overdue before this. */
  overdueAtMs = Infinity
  /** Nobody falls silent before this. */
  silentAtMs = Infinity
  /** The width of no session is looked at before this. */
  widthLookAtMs = Infinity
  nowMs = 0
  effects: SwarmEffect[] = []

  constructor(options: SwarmOptions) {
    this.options = options
    if (options.manifest) this.learnManifest(options.manifest, options.held)
  }

  /** Throws the manifest's own error when it cannot be used, or why it is not accepted. */
  learnManifest(bytes: Uint8Array, held?: Bitmap): void {
    const manifest = decodeManifest(bytes)
    if (!this.options.manifest) this.options.accepts?.(manifest)
    this.manifest = manifest
    this.manifestBytes = bytes
    this.held = held ?? new Bitmap(this.manifest.blockCount)
    this.holders = new Holders(this.manifest.blockCount)
    for (const session of this.sessions.values()) session.size(this.manifest.blockCount)
  }

  get isComplete(): boolean {
    return this.held?.isFull ?? false
  }

  /** Nobody owes a block. */
  get isStarved(): boolean {
    for (const lane of this.lanes.values()) if (lane.inFlight.size > 0) return false
    return true
  }

  /**
   * Most of those that are connected lack something, as we do, and most have nothing on its way to us: where a slow line
   * of our own is what takes long, more peers would only share it.
   */
  get isTrading(): boolean {
    const sessions = [...this.sessions.values()]
    const lacking = sessions.filter((session) => !session.isComplete)
    const owing = sessions.filter((session) => [...session.lanes.values()].some((lane) => lane.inFlight.size > 0))
    return 2 * lacking.length > sessions.length && 2 * owing.length < sessions.length
  }

  /** Something is asked over a lane; after a silence its time to answer begins now. */
  owes(lane: SwarmLane): void {
    if (!lane.isOwed) lane.began(this.nowMs)
    this.overdueAtMs = Math.min(this.overdueAtMs, this.nowMs + stallTimeoutMs)
    this.silentAtMs = Math.min(this.silentAtMs, this.nowMs + silenceMs)
    const { width } = lane.session!
    if (width.lookAtMs === Infinity) width.lookAtMs = nextBeginMs(this.nowMs)
    this.widthLookAtMs = Math.min(this.widthLookAtMs, width.lookAtMs)
  }

  /** Those that are silent were seen; sets when to look for others. */
  sawSilent(): void {
    this.silentAtMs = Infinity
    for (const lane of this.lanes.values()) {
      // One that is silent may answer and fall silent again.
      const atMs = lane.isSilent(this.nowMs) ? this.nowMs + silenceMs : lane.silentAtMs
      this.silentAtMs = Math.min(this.silentAtMs, atMs)
    }
  }

  emit(effect: SwarmEffect): void {
    this.effects.push(effect)
  }
}
