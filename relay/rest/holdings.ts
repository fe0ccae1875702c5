import { decodeCid, parseManifestCid } from '../../src/core/block/cid.ts'
import type { ManifestCid } from '../../src/core/ids.ts'
import { formatLink } from '../../src/core/link/link.ts'
import { restFindMs } from '../../src/core/limits.ts'
import type { Item } from '../../src/engine/types.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { notRetrieved, RestRefusal } from './refusal.ts'
import type { Call, RestParts } from './types.ts'

/** Plain data sets alone: sealed ones have no name here that others could ask by. */
export const isListed = (record: ItemRecord): boolean =>
  record.kind === 'plain' && record.kept === undefined && record.manifestCid !== undefined

/** A plain data set that is in the library, whole or not. */
export interface Holding {
  readonly record: ItemRecord
  readonly item: Item
}

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

export async function find({ catalog, quire }: RestParts, cid: ManifestCid): Promise<Holding | undefined> {
  const record = await catalog.itemByManifest(cid)
  const item = record && isListed(record) ? await quire.find(record.id) : undefined
  return record && item && { record, item }
}

/** One that is here whole. @throws RestRefusal */
export async function heldWhole(parts: RestParts, cid: ManifestCid): Promise<Holding> {
  const holding = await find(parts, cid)
  if (!holding?.record.complete) throw notRetrieved('it is not held here; the network may have it')
  return holding
}

/**
 * The data set, once its manifest is known: held already, or from whoever has it within a bounded time. `isNew`: this
 * call put it into the library, from where the caller removes it if it is not to stay.
 * @throws RestRefusal
 */
export async function meet({ parts, signal }: Call, cid: ManifestCid): Promise<Holding & { readonly isNew: boolean }> {
  const known = await find(parts, cid)
  if (known?.record.manifest) {
    if (!known.record.complete && known.item.peek().state === 'paused') await known.item.resume()
    return { ...known, isNew: false }
  }
  const item = await parts.quire.open(formatLink('', { manifestCid: cid, relays: [] }))
  try {
    await until(item.files(), AbortSignal.any([signal, AbortSignal.timeout(restFindMs)]))
    const record = await parts.catalog.item(item.id)
    if (!record?.manifest) throw notRetrieved('it went away')
    return { record, item, isNew: known === undefined }
  } catch (error) {
    if (!known) await item.remove()
    const sent = await find(parts, cid)
    if (sent?.record.complete) return { ...sent, isNew: false } // a client brought it meanwhile
    throw error instanceof RestRefusal ? error : notRetrieved('nobody who can be reached has it')
  }
}

/** @throws what the signal gives, when it comes first */
function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    work.then(resolve, reject)
  })
}
