import { ReportedError } from '../src/core/errors.ts'
import type { ManifestCid } from '../src/core/ids.ts'
import { parseLink } from '../src/core/link/link.ts'
import type { Item, Quire } from '../src/engine/types.ts'
import type { Catalog } from '../src/store/types.ts'

/** One use of an item. */
export interface Visit {
  readonly item: Item
  /** The item is to stay in the library after its last use. */
  keep(): void
  /** Resolves when the item is gone, where this was the last use of one that is not to stay. */
  end(): Promise<void>
}

/** What all uses of one item share. */
interface Visited {
  /** Whether it was in the library before. */
  readonly wasThere: Promise<boolean>
  item?: Item
  stays: boolean
  uses: number
}

export interface VisitsParts {
  readonly quire: Pick<Quire, 'open' | 'item'>
  readonly catalog: Pick<Catalog, 'itemByManifest'>
}

/**
 * Items by their links, for callers of whom some want no more than a look: one that was not in the library goes with its
 * last use, unless somebody who used it had it stay. All who open links in one program share these.
 */
export class Visits {
  readonly #parts: VisitsParts
  readonly #visited = new Map<ManifestCid, Visited>()

  constructor(parts: VisitsParts) {
    this.#parts = parts
  }

  /** Opens a link. The visit has to be ended, once. @throws LinkError */
  async begin(link: string): Promise<Visit> {
    const cid = parseLink(link).manifestCid
    const visited = this.#current(cid) ?? this.#first(cid)
    visited.uses++
    try {
      if (await visited.wasThere) visited.stays = true
      const item = await this.#parts.quire.open(link)
      visited.item = item
      // Added here a moment ago: the catalog did not know of it yet.
      if (item.peek().origin === 'added') visited.stays = true
      return { item, keep: () => void (visited.stays = true), end: () => this.#end(cid, visited) }
    } catch (error) {
      await this.#end(cid, visited)
      throw error
    }
  }

  /** Undefined where nobody uses it, or what was used is gone: removed, or whole and at rest. */
  #current(cid: ManifestCid): Visited | undefined {
    const visited = this.#visited.get(cid)
    return visited && (!visited.item || this.#isHere(visited.item)) ? visited : undefined
  }

  #first(cid: ManifestCid): Visited {
    const stored = this.#parts.catalog.itemByManifest(cid)
    const wasThere = stored.then((record) => record !== undefined && !record.kept)
    const visited = { wasThere, stays: false, uses: 0 }
    this.#visited.set(cid, visited)
    return visited
  }

  async #end(cid: ManifestCid, visited: Visited): Promise<void> {
    if (--visited.uses > 0) return
    if (this.#visited.get(cid) === visited) this.#visited.delete(cid)
    const { item, stays } = visited
    if (item && !stays && this.#isHere(item)) await item.remove()
  }

  /** Another item may have come by the same id. */
  #isHere(item: Item): boolean {
    return this.#parts.quire.item(item.id) === item
  }
}

/** Goes on with what was paused, or failed. @throws ReportedError where trying again mends nothing */
export async function takeUp(item: Item): Promise<void> {
  const { state, error, can } = item.peek()
  if (state === 'paused') await item.resume()
  else if (can.includes('retry')) await item.retry()
  else if (error) throw new ReportedError(error)
}
