import type { ManifestCid, SetId, SwarmId } from '../core/ids.ts'
import type { FollowedItem } from './followed-item.ts'
import { DataItem } from './item.ts'

/** The items that are in memory, by id. */
export class Shelf extends Map<SetId, DataItem | FollowedItem> {
  #shownIds: readonly SetId[] = []

  /** Those that this engine itself does something about. */
  led(): DataItem[] {
    return [...this.values()].filter((item) => item instanceof DataItem)
  }

  /** The one that takes part in a swarm. */
  inSwarm(swarmId: SwarmId): DataItem | undefined {
    return this.led().find((item) => item.swarmId === swarmId && item.part !== 'none')
  }

  ofManifest(cid: ManifestCid): DataItem | FollowedItem | undefined {
    return [...this.values()].find(({ record }) => record.manifestCid === cid)
  }

  /** The same array as before while the order is the same, so that watchers can compare. */
  newestFirst(): readonly SetId[] {
    const items = [...this.values()].sort((a, b) => b.record.createdAtMs - a.record.createdAtMs)
    const ids = items.map((item) => item.id)
    const same = ids.length === this.#shownIds.length && ids.every((id, i) => id === this.#shownIds[i])
    if (!same) this.#shownIds = ids
    return this.#shownIds
  }
}
