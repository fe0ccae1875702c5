import type { PeerId, SwarmId } from '../ids.ts'

export interface Release {
  readonly swarmId: SwarmId
  readonly ownerKey: Uint8Array
}

/** What keepers are still to be told to let go of. */
export class Releases {
  readonly #waiting = new Map<PeerId, readonly Release[]>()

  get keepers(): Iterable<PeerId> {
    return this.#waiting.keys()
  }

  at(keeper: PeerId): readonly Release[] {
    return this.#waiting.get(keeper) ?? []
  }

  add(keeper: PeerId, { swarmId, ownerKey }: Release): void {
    const others = this.at(keeper).filter((release) => release.swarmId !== swarmId)
    this.#waiting.set(keeper, [...others, { swarmId, ownerKey }])
  }

  /** It is wanted again. */
  withdraw(swarmId: SwarmId): void {
    for (const [keeper, releases] of this.#waiting) {
      const others = releases.filter((release) => release.swarmId !== swarmId)
      if (others.length > 0) this.#waiting.set(keeper, others)
      else this.#waiting.delete(keeper)
    }
  }

  /** That keeper was told. */
  done(keeper: PeerId): void {
    this.#waiting.delete(keeper)
  }
}
