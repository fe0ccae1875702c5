import { itemsOf } from '../../src/store/paged.ts'
import { manifestItem, sendJson, sendNothing, streamJson } from './answers.ts'
import { removeHeld } from '../held.ts'
import { cidOf, find, isListed } from './holdings.ts'
import type { ManifestCid } from '../../src/core/ids.ts'
import type { Call, RestParts } from './types.ts'

/** All plain data sets that are here whole. */
export async function list({ parts, response }: Call): Promise<void> {
  await streamJson(response, listed(parts))
}

/** One JSON object, a few of its items at a time: all of them may be more than fit in memory. */
async function* listed({ catalog }: RestParts): AsyncGenerator<string> {
  let before = '{\n  "content": [\n'
  for await (const record of itemsOf(catalog)) {
    if (!isListed(record) || !record.complete || !record.manifest) continue
    yield before + JSON.stringify(manifestItem(record))
    before = ',\n'
  }
  yield before.startsWith('{') ? '{"content":[]}' : '\n  ]\n}'
}

/** Both keys that clients look for. */
export async function exists({ parts, places, response }: Call): Promise<void> {
  const cid = cidOf(places[0]!)
  const has = (await find(parts, cid as ManifestCid))?.record.complete === true
  sendJson(response, { [cid]: has, has })
}

/** What is not held is as gone as what was removed. */
export async function remove({ parts, places, response }: Call): Promise<void> {
  const cid = cidOf(places[0]!) as ManifestCid
  if (await find(parts, cid)) await removeHeld(parts, cid)
  sendNothing(response)
}

export async function space({ parts, response }: Call): Promise<void> {
  const { usedBytes } = parts.quire.storage.peek()
  const { wholeBlocks } = await parts.catalog.totals()
  const coming = parts.quire.items().map((item) => item.peek())
  const comingBlocks = coming.reduce((sum, each) => sum + (each.doneBlocks < each.blockCount ? each.doneBlocks : 0), 0)
  sendJson(response, {
    totalBlocks: wholeBlocks + comingBlocks,
    quotaMaxBytes: parts.quotaBytes,
    quotaUsedBytes: usedBytes,
    quotaReservedBytes: parts.promisedBytes()
  })
}
