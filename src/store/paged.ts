import { deriveKeys, plainSwarmId } from '../core/envelope/keys.ts'
import type { PeerId, SwarmId } from '../core/ids.ts'
import type { Kept, KeptTotals } from '../core/keep/types.ts'
import { catalogPageItems } from '../core/limits.ts'
import { decodeManifest } from '../core/manifest/manifest.ts'
import type { Catalog, ItemRecord } from './types.ts'

/**
 * What there is to do about an item. `served`: it only waits to be asked for. `paused`: it does not even that.
 * `kept`: a whole copy for others, which waits too, until its term ends. `coming`: one that is not whole. `restless`: it
 * is added, fetched, or kept by others for us.
 */
export type Standing = 'restless' | 'served' | 'paused' | 'kept' | 'coming'

/** A copy that is held for others. */
export type KeptRecord = ItemRecord & { readonly kept: Kept }

export interface Totals {
  /** Items of the library. */
  readonly items: number
  /** Copies that are held for others. */
  readonly kept: number
  /** Blocks of items that are whole. */
  readonly wholeBlocks: number
}

/** A catalog that need not be read whole, for libraries that are larger than memory. [ST25] */
export interface PagedCatalog extends Catalog {
  /** Those that something is to be done about, copies for others that are not whole among them. */
  restless(): Promise<ItemRecord[]>
  /** Swarms of those that wait to be asked for, from behind `after` on, in the order of their ids. */
  servedSwarms(after: SwarmId | undefined, count: number): Promise<SwarmId[]>
  servedBySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined>
  /** Newest first, from behind one that is known on. */
  page(after: ItemRecord | undefined, count: number): Promise<ItemRecord[]>
  totals(): Promise<Totals>
  /** Of all copies for others. */
  keptTotals(): Promise<KeptTotals>
  /** The copy of a swarm, if it is whole, and what a peer offered in all. */
  keptFor(swarmId: SwarmId, peerId: PeerId): Promise<{ readonly record?: KeptRecord; readonly theirs: KeptTotals }>
  keptBySwarm(swarmId: SwarmId): Promise<KeptRecord | undefined>
  /** Whole copies whose term is over by then. */
  keptEnded(byMs: number, count: number): Promise<KeptRecord[]>
  /** When the next term of a whole copy is over that is not yet. */
  nextKeptEnd(afterMs: number): Promise<number | undefined>
}

export interface Placing {
  readonly standing: Standing
  /** Of those that wait to be asked for. */
  readonly swarmId?: SwarmId
  /** Of one of the library that is whole. */
  readonly blocks: number
}

function checkedPlacingOf(record: ItemRecord): Placing {
  const { manifestCid, manifest, secret, complete, paused, keep, kept } = record
  if (kept) return complete ? { standing: 'kept', swarmId: kept.swarmId, blocks: 0 } : { standing: 'coming', blocks: 0 }
  const isAsked = keep !== undefined && (keep.wanted || keep.promises.length > 0)
  if (!complete || !manifestCid || !manifest) return { standing: 'restless', blocks: 0 }
  const blocks = decodeManifest(manifest).blockCount
  if (isAsked) return { standing: 'restless', blocks }
  if (paused) return { standing: 'paused', blocks }
  return { standing: 'served', swarmId: secret ? deriveKeys(secret).swarmId : plainSwarmId(manifestCid), blocks }
}

/**
 * The one place that decides which items need not be in memory. One that cannot be placed is taken up, where what is
 * wrong with it is found.
 */
export function placingOf(record: ItemRecord): Placing {
  try {
    return checkedPlacingOf(record)
  } catch {
    return { standing: 'restless', blocks: 0 }
  }
}

/** All items, newest first, a page of them in memory at a time. */
export async function* itemsOf(catalog: PagedCatalog): AsyncGenerator<ItemRecord> {
  let last: ItemRecord | undefined
  do {
    const page = await catalog.page(last, catalogPageItems)
    yield* page
    last = page.at(-1)
  } while (last)
}
