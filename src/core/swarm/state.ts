import { Bitmap } from '../block/bitmap.ts'
import type { LaneId, PeerId } from '../ids.ts'
import { decodeManifest, type Manifest } from '../manifest/manifest.ts'
import type { SwarmLane } from './lane.ts'
import type { Session } from './session.ts'
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
  nowMs = 0
  effects: SwarmEffect[] = []

  constructor(options: SwarmOptions) {
    this.options = options
    if (options.manifest) this.learnManifest(options.manifest, options.held)
  }

  /** Throws the manifest's own error when it cannot be used. */
  learnManifest(bytes: Uint8Array, held?: Bitmap): void {
    this.manifest = decodeManifest(bytes)
    this.manifestBytes = bytes
    this.held = held ?? new Bitmap(this.manifest.blockCount)
    for (const session of this.sessions.values()) session.size(this.manifest.blockCount)
  }

  get isComplete(): boolean {
    return this.held?.isFull ?? false
  }

  emit(effect: SwarmEffect): void {
    this.effects.push(effect)
  }
}
