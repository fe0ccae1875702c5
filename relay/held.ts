import type { ManifestCid, SetId } from '../src/core/ids.ts'
import type { Item } from '../src/engine/types.ts'
import type { Catalog, ItemRecord } from '../src/store/types.ts'

export interface HeldParts {
  readonly quire: { find(id: SetId): Promise<Item | undefined> }
  readonly catalog: Pick<Catalog, 'itemByManifest'>
}

/** A data set that is in the library, whole or not. */
export interface Held {
  readonly record: ItemRecord
  readonly item: Item
}

/** What the library has of this address, also where nobody asked for it since the start. What is kept for others is not its own. */
export async function findHeld({ catalog, quire }: HeldParts, cid: ManifestCid): Promise<Held | undefined> {
  const record = await catalog.itemByManifest(cid)
  const item = record && !record.kept ? await quire.find(record.id) : undefined
  return record && item && { record, item }
}

/** Gives what was removed, if anything was. Where a program was killed while it added the same twice, both go. */
export async function removeHeld(parts: HeldParts, cid: ManifestCid): Promise<Held | undefined> {
  const first = await findHeld(parts, cid)
  for (let held = first; held; held = await findHeld(parts, cid)) await held.item.remove()
  return first
}
