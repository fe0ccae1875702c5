import { expect, it } from 'vitest'
import { Visits, type VisitsParts } from '../../relay/visits.ts'
import type { ManifestCid } from '../../src/core/ids.ts'
import { formatLink } from '../../src/core/link/link.ts'
import type { ItemView } from '../../src/engine/types.ts'
import vectors from '../vectors/codex.json' with { type: 'json' }

const link = formatLink('', { manifestCid: vectors.official[0]!.manifestCid as ManifestCid, relays: [] })

/** Whether an item of which the catalog knew nothing when it was opened is still there after its last use. */
async function staysAfterVisit(origin: ItemView['origin']): Promise<boolean> {
  let isThere = true
  const item = { id: 'one', peek: () => ({ origin }), remove: async () => void (isThere = false) }
  const quire = { open: async () => item, item: () => item } as unknown as VisitsParts['quire']
  const visits = new Visits({ quire, catalog: { itemByManifest: async () => undefined } })
  await (await visits.begin(link)).end()
  return isThere
}

it('[RE6] what was only asked for goes with whoever asked, and what is being added at that moment stays', async () => {
  expect(await staysAfterVisit('fetched')).toBe(false)
  expect(await staysAfterVisit('added')).toBe(true)
})
