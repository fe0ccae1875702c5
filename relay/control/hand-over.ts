import { keeperFindMs } from '../../src/core/limits.ts'
import type { Item, ItemView } from '../../src/engine/types.ts'
import { CopiesMissing, CopyRefused, NoKeeper } from '../errors.ts'

/**
 * Resolves when so many keepers hold a copy. Where nothing more came to any of them for a while it ends: what was asked
 * goes on in a program that stays. [CT7] @throws NoKeeper, CopyRefused, CopiesMissing
 */
export async function handOver(item: Pick<Item, 'keep' | 'peek' | 'subscribe'>, copies: number): Promise<void> {
  if (copies === 0) return
  await item.keep(true, copies)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let most = 0
  const giveUp = () => reject(standsStill(item.peek(), copies))
  let patience = setTimeout(giveUp, keeperFindMs)
  const look = ({ keep }: ItemView) => {
    const held = heldIn(keep)
    if (held.copies >= copies) return resolve()
    if (keep?.state === 'refused') return reject(new CopyRefused(keep.code ?? 'full'))
    if (held.bytes <= most) return
    most = held.bytes
    clearTimeout(patience)
    patience = setTimeout(giveUp, keeperFindMs)
  }
  const stop = item.subscribe(look)
  look(item.peek())
  await promise.finally(() => {
    clearTimeout(patience)
    stop()
  })
}

function heldIn(keep: ItemView['keep']): { copies: number; bytes: number } {
  const keepers = keep?.keepers ?? []
  const safe = keepers.filter(({ state }) => state === 'safe')
  return { copies: safe.length, bytes: keepers.reduce((sum, { heldBytes }) => sum + heldBytes, 0) }
}

function standsStill({ keep }: ItemView, copies: number): NoKeeper | CopiesMissing {
  const state = keep?.state ?? 'none'
  return state === 'none' ? new NoKeeper() : new CopiesMissing(heldIn(keep).copies, copies)
}
