import { isAboutInvitation } from '../../src/core/keep/types.ts'
import { keeperFindMs } from '../../src/core/limits.ts'
import { peerName } from '../../src/core/names.ts'
import type { Item, ItemView, KeepView } from '../../src/engine/types.ts'
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
    if (keep?.state === 'refused') return reject(refusal(keep))
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

/** Where several refused, it is said of the one that a person chose. */
function refusal(keep: KeepView): CopyRefused {
  const chosen = keep.keepers.find(({ code }) => isAboutInvitation(code))
  if (chosen?.code) return new CopyRefused(chosen.code, peerName(chosen.keeper))
  return new CopyRefused(keep.code ?? 'full', keep.host)
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
