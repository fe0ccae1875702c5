import { sendJson, sendNothing, manifestItem } from './answers.ts'
import { find, manifestCidOf, meet } from './holdings.ts'
import { RestRefusal } from './refusal.ts'
import type { Call } from './types.ts'

/** Begins to fetch; answers as soon as the manifest is known. */
export async function fetchInBackground(call: Call): Promise<void> {
  const cid = manifestCidOf(call.places[0]!)
  const { record, item, isNew } = await meet(call, cid)
  const downloadId = call.parts.downloads.begin({ cid, item, isNew })
  sendJson(call.response, { ...manifestItem(record), downloadId })
}

/** The manifest, from here or from others; nothing stays. */
export async function manifest(call: Call): Promise<void> {
  const { record, item, isNew } = await meet(call, manifestCidOf(call.places[0]!))
  if (isNew) await item.remove()
  sendJson(call.response, manifestItem(record))
}

export function progress({ parts, places, response }: Call): void {
  const [cid, id] = [manifestCidOf(places[0]!), places[1]!]
  if (!/^\d{1,15}$/.test(id)) throw new RestRefusal(400, 'A download id is a number.')
  const download = parts.downloads.find(cid, id)
  const { state, doneBlocks, blockCount, doneBytes } = download?.item.peek() ?? {}
  if (state !== 'fetching' && state !== 'waiting') return sendJson(response, { active: false })
  sendJson(response, { active: true, received: doneBlocks, total: blockCount, bytes: doneBytes })
}

/** Stops a fetch; what came of a data set that was not held before goes with it. */
export async function cancel({ parts, places, response }: Call): Promise<void> {
  const [cid, id] = [manifestCidOf(places[0]!), places[1]!]
  if (!/^\d{1,15}$/.test(id)) throw new RestRefusal(400, 'A download id is a number.')
  const download = parts.downloads.find(cid, id)
  if (!download) throw new RestRefusal(404, 'Background download not found')
  parts.downloads.end(id)
  const isWhole = (await find(parts, cid))?.record.complete === true
  if (download.isNew && !isWhole) await download.item.remove()
  sendNothing(response)
}
