import type { PeerRole } from '../exchange/types.ts'
import type { SwarmId } from '../ids.ts'
import { dormantTtlMs, holdSwarmsMax } from '../limits.ts'
import type { KnownTrackerFrame } from './types.ts'

export type DormantInput =
  /** The tracker has our record. */
  | { type: 'ready' }
  /** What `look` asked for; fewer than asked for are the last. */
  | { type: 'page'; swarmIds: readonly SwarmId[] }
  | { type: 'wake' }

export type DormantEffect =
  { type: 'send'; frame: KnownTrackerFrame } | { type: 'look'; after: SwarmId | undefined; count: number }

/** Announces to one tracker, page by page, what is held and is in nobody's memory. [TR11] */
export class DormantAnnouncer {
  readonly #role: PeerRole
  #begunAtMs: number | undefined
  #wakeAtMs = Infinity

  constructor(role: PeerRole) {
    this.#role = role
  }

  handle(nowMs: number, input: DormantInput): DormantEffect[] {
    switch (input.type) {
      case 'ready':
        return this.#begunAtMs === undefined ? this.#begin(nowMs) : []
      case 'wake':
        return this.#wakeAtMs <= nowMs ? this.#begin(nowMs) : []
      case 'page':
        return this.#onPage(input.swarmIds)
    }
  }

  wakeAtMs(): number {
    return this.#wakeAtMs
  }

  #begin(nowMs: number): DormantEffect[] {
    this.#begunAtMs = nowMs
    this.#wakeAtMs = Infinity
    return [{ type: 'look', after: undefined, count: holdSwarmsMax }]
  }

  #onPage(swarmIds: readonly SwarmId[]): DormantEffect[] {
    const frame = { type: 'hold', role: this.#role, ttlMs: dormantTtlMs, swarmIds } as const
    const effects: DormantEffect[] = swarmIds.length > 0 ? [{ type: 'send', frame }] : []
    if (swarmIds.length === holdSwarmsMax) {
      effects.push({ type: 'look', after: swarmIds.at(-1), count: holdSwarmsMax })
    } else {
      this.#wakeAtMs = this.#begunAtMs! + dormantTtlMs / 2
    }
    return effects
  }
}
