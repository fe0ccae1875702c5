import type { SwarmId } from '../../core/ids.ts'
import { invitationSwarmId, keepersSwarmId } from '../../core/keep/swarm.ts'
import type { Discovery } from '../discovery.ts'

/** Where a keeper can be found. */
export class Announcing {
  readonly #discovery: Discovery
  /** Swarms of those whom it invited. */
  #invited: ReadonlySet<SwarmId> = new Set()

  constructor(discovery: Discovery) {
    this.#discovery = discovery
  }

  /** Whoever looks for keepers finds those that are open to all. [KE20] */
  toAll(): void {
    this.#join(keepersSwarmId())
  }

  /** Whoever has a token of these hashes finds it, also where it is reached otherwise than when it invited. [KE33] */
  toInvited(hashes: Iterable<string>): void {
    const swarmIds = new Set(Array.from(hashes, invitationSwarmId))
    for (const swarmId of this.#invited.difference(swarmIds)) this.#discovery.leave(swarmId)
    for (const swarmId of swarmIds) this.#join(swarmId)
    this.#invited = swarmIds
  }

  #join(swarmId: SwarmId): void {
    this.#discovery.join(swarmId, { seeking: false, onPeers: () => undefined })
  }
}
