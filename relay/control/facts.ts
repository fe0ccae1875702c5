import { formatLink } from '../../src/core/link/link.ts'
import type { ItemView } from '../../src/engine/types.ts'
import type { Catalog, ItemRecord } from '../../src/store/types.ts'
import type { ItemFacts, Progress } from './types.ts'

/** Newest first. */
export async function factsIn(catalog: Catalog): Promise<ItemFacts[]> {
  const records = await catalog.items()
  return records.sort((a, b) => b.createdAtMs - a.createdAtMs).map(factsOf)
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
