import { formatLink } from '../../src/core/link/link.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { itemsOf, type PagedCatalog } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import type { ItemFacts, Progress } from './types.ts'

/** Newest first. */
export async function* factsIn(catalog: PagedCatalog): AsyncGenerator<ItemFacts> {
  for await (const record of itemsOf(catalog)) yield factsOf(record)
}

export function factsOf(record: ItemRecord): ItemFacts {
  const { manifestCid, kept } = record
  return {
    title: record.title,
    kind: record.kind,
    complete: record.complete,
    contentBytes: record.contentBytes,
    createdAtMs: record.createdAtMs,
    ...(manifestCid && { cid: manifestCid }),
    ...(manifestCid && !kept && { link: formatLink('', { ...record, manifestCid }) }),
    ...(kept && { heldForOthersUntilMs: kept.untilMs, sizeBytes: kept.sizeBytes })
  }
}

export function progressOf(view: ItemView): Progress {
  const { state, title, doneBytes, totalBytes, rateBytesPerSecond, peers, keep } = view
  const kinds = peers.map(({ kind }) => kind)
  return { state, title, doneBytes, totalBytes, rateBytesPerSecond, peers: kinds, ...(keep && { keep: keep.state }) }
}
