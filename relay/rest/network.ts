import { sendJson, sendNothing, manifestItem } from './answers.ts'
import { find, goOn, manifestCidOf, meet } from './holdings.ts'
import { RestRefusal } from './refusal.ts'
import type { Call } from './types.ts'

/** Begins to fetch; answers as soon as the manifest is known. */
export async function fetchInBackground(call: Call): Promise<void> {
  const cid = manifestCidOf(call.places[0]!)
  const met = await meet(call, cid)
  try {
    await goOn(call.parts, met)
  } catch (error) {
    await met.end()
    throw error
  }
  const downloadId = call.parts.downloads.begin({ cid, visit: met })
  sendJson(call.response, { ...manifestItem(met.record), downloadId })
}

/** The manifest, from here or from others; nothing stays. */
export async function manifest(call: Call): Promise<void> {
  const met = await meet(call, manifestCidOf(call.places[0]!))
  await met.end()
  sendJson(call.response, manifestItem(met.record))
}

export function progress({ parts, places, response }: Call): void {
  const [cid, id] = [manifestCidOf(places[0]!), places[1]!]
  if (!/^\d{1,15}$/.test(id)) throw new RestRefusal(400, 'A download id is a number.')
  const download = parts.downloads.find(cid, id)
  const { state, doneBlocks, blockCount, doneBytes } = download?.visit.item.peek() ?? {}
  if (state !== 'fetching' && state !== 'waiting') return sendJson(response, { active: false })
  sendJson(response, { active: true, received: doneBlocks, total: blockCount, bytes: doneBytes })
}

/** Stops a fetch; what came of a data set that was not held before goes with it, unless others fetch it too. */
export async function cancel({ parts, places, response }: Call): Promise<void> {
  const [cid, id] = [manifestCidOf(places[0]!), places[1]!]
  if (!/^\d{1,15}$/.test(id)) throw new RestRefusal(400, 'A download id is a number.')
  const download = parts.downloads.find(cid, id)
  if (!download) throw new RestRefusal(404, 'Background download not found')
  parts.downloads.end(id)
  if ((await find(parts, cid))?.record.complete) download.visit.keep()
  await download.visit.end()
  sendNothing(response)
}
