import { Bitmap } from '../block/bitmap.ts'
import type { LaneId } from '../ids.ts'
import { decodeManifest, type Manifest } from '../manifest/manifest.ts'
import type { Session } from './session.ts'
import type { SwarmEffect, SwarmOptions } from './types.ts'

/** What the parts of a swarm share. Each part changes only what its own comment names. */
export class SwarmState {
  readonly options: SwarmOptions
  readonly sessions = new Map<LaneId, Session>()
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

  learnManifest(bytes: Uint8Array, held?: Bitmap): void {
    this.manifest = decodeManifest(bytes)
    this.manifestBytes = bytes
    this.held = held ?? new Bitmap(this.manifest.blockCount)
    for (const session of this.sessions.values()) session.sizeHoldings(this.manifest.blockCount)
  }

  get isComplete(): boolean {
    return this.held?.isFull ?? false
  }

  emit(effect: SwarmEffect): void {
    this.effects.push(effect)
  }

  openSessions(): Session[] {
    return [...this.sessions.values()].filter((session) => session.state === 'open')
  }
}
