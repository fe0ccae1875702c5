import { decodeCid, parseManifestCid } from '../../src/core/block/cid.ts'
import { ReportedError } from '../../src/core/errors.ts'
import type { ManifestCid } from '../../src/core/ids.ts'
import { formatLink } from '../../src/core/link/link.ts'
import { restFindMs } from '../../src/core/limits.ts'
import { decodeManifest } from '../../src/core/manifest/manifest.ts'
import { NoRoom } from '../../src/engine/errors.ts'
import type { DataItem } from '../../src/engine/item.ts'
import type { Item } from '../../src/engine/types.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { findHeld, type Held } from '../held.ts'
import { takeUp, type Visit } from '../visits.ts'
import { notRetrieved, RestRefusal } from './refusal.ts'
import type { Call, RestParts } from './types.ts'

/** Plain data sets alone: sealed ones have no name here that others could ask by. */
export const isListed = (record: ItemRecord): boolean =>
  record.kind === 'plain' && record.kept === undefined && record.manifestCid !== undefined

/** @throws RestRefusal for what is no CID, in the words that clients test for */
export function cidOf(text: string): string {
  try {
    decodeCid(text)
    return text
  } catch {
    throw new RestRefusal(400, 'Incorrect Cid')
  }
}

/** The CID of a manifest. @throws RestRefusal for what is no CID, and for that of a block or a tree */
export function manifestCidOf(text: string): ManifestCid {
  try {
    return parseManifestCid(cidOf(text))
  } catch (error) {
    if (error instanceof RestRefusal) throw error
    throw notRetrieved('it names no data set')
  }
}

export async function find(parts: RestParts, cid: ManifestCid): Promise<Held | undefined> {
  const held = await findHeld(parts, cid)
  return held && isListed(held.record) ? held : undefined
}

/** One that is here whole. @throws RestRefusal */
export async function heldWhole(parts: RestParts, cid: ManifestCid): Promise<Held> {
  const holding = await find(parts, cid)
  if (!holding?.record.complete) throw notRetrieved('it is not held here; the network may have it')
  return holding
}

/** A plain data set whose manifest is known, until the visit ends. */
export interface Met extends Visit {
  readonly record: ItemRecord
}

/**
 * The data set, once its manifest is known: from here, or from whoever has it within a bounded time. Its visit has to be
 * ended. @throws RestRefusal, and what it failed by
 */
export async function meet(call: Call, cid: ManifestCid): Promise<Met> {
  const { parts, signal } = call
  const visit = await parts.visits.begin(formatLink('', { manifestCid: cid, relays: [] }))
  try {
    return { ...visit, record: await described(visit.item, signal) }
  } catch (error) {
    await visit.end()
    const sent = await find(parts, cid)
    if (sent?.record.complete) return meet(call, cid) // a client brought it meanwhile
    throw error
  }
}

/** Its record with the manifest. There may be no room for the blocks. */
async function described(item: Item, signal: AbortSignal): Promise<ItemRecord> {
  if (!isListed(recordOf(item))) throw notRetrieved('it is not held here as a plain data set')
  if (!recordOf(item).manifest) {
    await takeUp(item)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(restFindMs)])
    await until(item.files(), patience).catch(() => undefined) // why not is seen by the item
  }
  const [record, { error }] = [recordOf(item), item.peek()]
  if (record.manifest) return record
  throw error ? new ReportedError(error) : notRetrieved('nobody who can be reached has it')
}

/** As it is now: the catalog may learn of it a moment later. */
const recordOf = (item: Item): ItemRecord => (item as DataItem).record

/** All of it is to come: goes on with what was paused or failed. @throws NoRoom, and what it failed by */
export async function goOn({ leftBytes }: RestParts, { item, record }: Met): Promise<void> {
  if (record.complete) return
  const { error, blockCount, doneBlocks } = item.peek()
  const comingBytes = (blockCount - doneBlocks) * decodeManifest(record.manifest!).blockBytes
  if (error && comingBytes > leftBytes()) throw new NoRoom(comingBytes, leftBytes())
  await takeUp(item)
}

/** @throws what the signal gives, when it comes first */
function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    work.then(resolve, reject)
  })
}
