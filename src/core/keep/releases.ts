import type { PeerId, SwarmId } from '../ids.ts'
import { keepAnswerMs } from '../limits.ts'

export interface Release {
  readonly swarmId: SwarmId
  readonly ownerKey: Uint8Array
}

interface Waiting extends Release {
  /** It was told on this lane, and has to answer until then; Infinity: it was not told. */
  answerByMs: number
}

/** What keepers are still to let go of: each is told until it says that it did. [KE17] */
export class Releases {
  readonly #waiting = new Map<PeerId, Map<SwarmId, Waiting>>()

  get keepers(): Iterable<PeerId> {
    return this.#waiting.keys()
  }

  has(keeper: PeerId, swarmId?: SwarmId): boolean {
    const waiting = this.#waiting.get(keeper)
    return waiting !== undefined && (!swarmId || waiting.has(swarmId))
  }

  add(keeper: PeerId, { swarmId, ownerKey }: Release): void {
    const waiting = this.#waiting.get(keeper) ?? new Map<SwarmId, Waiting>()
    if (!waiting.has(swarmId)) waiting.set(swarmId, { swarmId, ownerKey, answerByMs: Infinity })
    this.#waiting.set(keeper, waiting)
  }

  /** It is wanted again: the keepers that need not be told. Whoever was told lets go. */
  withdraw(swarmId: SwarmId): PeerId[] {
    const keepers = [...this.#waiting].flatMap(([keeper, waiting]) =>
      waiting.get(swarmId)?.answerByMs === Infinity ? [keeper] : []
    )
    for (const keeper of keepers) this.#end(keeper, swarmId)
    return keepers
  }

  /** What that keeper is to be told on its lane now. */
  toTell(keeper: PeerId, nowMs: number): Release[] {
    const untold = [...this.#of(keeper)].filter(({ answerByMs }) => answerByMs === Infinity)
    return untold.map((waiting) => {
      waiting.answerByMs = nowMs + keepAnswerMs
      return { swarmId: waiting.swarmId, ownerKey: waiting.ownerKey }
    })
  }

  /** That keeper says that it has no copy; true: which it was told. */
  answered(keeper: PeerId, swarmId: SwarmId): boolean {
    const wasTold = (this.#waiting.get(keeper)?.get(swarmId)?.answerByMs ?? Infinity) < Infinity
    if (wasTold) this.#end(keeper, swarmId)
    return wasTold
  }

  /** Its lane is gone: what it did not answer it is told on the next. */
  lost(keeper: PeerId): void {
    for (const waiting of this.#of(keeper)) waiting.answerByMs = Infinity
  }

  /** When it has to have answered about the first of all. */
  answerByMs(keeper: PeerId): number {
    let earliest = Infinity
    for (const { answerByMs } of this.#of(keeper)) earliest = Math.min(earliest, answerByMs)
    return earliest
  }

  #of(keeper: PeerId): Iterable<Waiting> {
    return this.#waiting.get(keeper)?.values() ?? []
  }

  #end(keeper: PeerId, swarmId: SwarmId): void {
    const waiting = this.#waiting.get(keeper)!
    waiting.delete(swarmId)
    if (waiting.size === 0) this.#waiting.delete(keeper)
  }
}
