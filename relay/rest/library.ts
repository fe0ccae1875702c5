import { manifestItem, sendJson, sendNothing } from './answers.ts'
import { cidOf, find, isListed } from './holdings.ts'
import type { ManifestCid } from '../../src/core/ids.ts'
import type { Call } from './types.ts'

/** All plain data sets that are here whole. */
export async function list({ parts, response }: Call): Promise<void> {
  const records = await parts.catalog.items()
  const held = records.filter((record) => isListed(record) && record.complete && record.manifest)
  sendJson(response, { content: held.map(manifestItem) })
}

/** Both keys that clients look for. */
export async function exists({ parts, places, response }: Call): Promise<void> {
  const cid = cidOf(places[0]!)
  const has = (await find(parts, cid as ManifestCid))?.record.complete === true
  sendJson(response, { [cid]: has, has })
}

/** What is not held is as gone as what was removed. */
export async function remove({ parts, places, response }: Call): Promise<void> {
  const holding = await find(parts, cidOf(places[0]!) as ManifestCid)
  await holding?.item.remove()
  sendNothing(response)
}

export async function space({ parts, response }: Call): Promise<void> {
  const { usedBytes } = parts.quire.storage.peek()
  const totalBlocks = parts.quire.items().reduce((sum, item) => sum + item.peek().doneBlocks, 0)
  sendJson(response, {
    totalBlocks,
    quotaMaxBytes: parts.quotaBytes,
    quotaUsedBytes: usedBytes,
    quotaReservedBytes: parts.promisedBytes()
  })
}
