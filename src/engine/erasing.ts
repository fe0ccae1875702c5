import type { SetId } from '../core/ids.ts'
import type { EngineParts } from './parts.ts'

type Places = Pick<EngineParts, 'catalog' | 'store'>

/** Removes an item from this device. Whoever ends in the midst of it leaves the rest to the next visit. [ST27] */
export async function erase({ catalog, store }: Places, id: SetId): Promise<void> {
  await catalog.removeItem(id)
  await store.remove(id)
  await catalog.left(id)
}

/** What an earlier visit had begun to remove, unless it is an item again. */
export async function eraseRest({ catalog, store }: Places, id: SetId): Promise<void> {
  if (await catalog.item(id)) return
  await store.remove(id)
  await catalog.left(id)
}
