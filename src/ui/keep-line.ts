import type { ItemView, KeepView } from '../engine/types.ts'
import type { NamedKeeper } from '../network/types.ts'
import { sheet } from './sheet-messages.ts'
import { isWhole } from './standing.ts'

/** What a program reads of keepers: how it stands with the one that is furthest, or `off`. */
export type ShownKeepState = KeepView['state'] | 'off'

export const keepStateOf = ({ keep }: ItemView): ShownKeepState => {
  if (!keep) return 'off'
  return keep.wanted || keep.state === 'releasing' ? keep.state : 'off'
}

type KeeperAt = Pick<KeepView, 'keeper' | 'host'>

const named = ({ keeper, host }: KeeperAt, known: readonly NamedKeeper[]): string | undefined =>
  host ?? known.find(({ peerId }) => peerId === keeper)?.host

/** Whether others can be reached at all: if not, it is no keeper's fault. */
export type Reach = 'online' | 'cut-off' | 'offline'

/** How many keepers have all of it and have promised to keep it. */
export const keepersSafe = ({ keep }: ItemView): number =>
  keep?.keepers.filter(({ state }) => state === 'safe').length ?? 0

/** How it stands with keepers, in a sentence. */
export function keepLine(view: ItemView, known: readonly NamedKeeper[], reach: Reach = 'online'): string {
  const w = sheet.keep
  const { keep } = view
  const state = keepStateOf(view)
  if (!keep || state === 'off') return w.off
  if (state === 'releasing') return w.releasing
  const name = named(keep, known)
  const host = name ?? w.unnamed
  const safe = keepersSafe(view)
  if (state === 'safe') return safe > 1 ? w.safeAt(safe, keep.untilMs) : w.safe(host, keep.untilMs)
  if (view.state === 'adding') return w.sealing
  if (view.state === 'paused') return w.paused
  if (!isWhole(view)) return w.partial
  switch (state) {
    case 'refused':
      return w.refused[keep.code ?? 'not-allowed'](keep.code === 'too-large' ? (name ?? w.unnamedThere) : host)
    case 'handing':
      return w.handing(host, keep.heldBytes, Math.max(keep.heldBytes, view.totalBytes))
    case 'asking':
      return w.asking(host)
    case 'away':
      if (reach !== 'online') return keep.unreached ? w.promised(host, keep.unreached, w.reach[reach]) : w.reach[reach]
      return keep.unreached ? w.unreached(host, keep.unreached) : w.away(host)
    case 'none':
      return w.none
  }
}

/** A keeper that is known or was asked: its name, its terms, and what it holds of an item. */
export interface KeeperRow {
  readonly id: string
  readonly host: string
  readonly terms: string
  readonly holds: string
}

export function keeperRows({ keep }: ItemView, known: readonly NamedKeeper[]): KeeperRow[] {
  const w = sheet.keep
  const chosen = keep?.keepers ?? []
  const ids = new Set([...chosen.map(({ keeper }) => keeper), ...known.map(({ peerId }) => peerId)])
  return [...ids].map((id) => {
    const at = chosen.find(({ keeper }) => keeper === id)
    const { terms, found } = known.find(({ peerId }) => peerId === id) ?? {}
    const held = at?.heldBytes ?? 0
    return {
      id,
      host: named({ keeper: id, host: at?.host }, known) ?? w.unnamed,
      terms: !terms ? '' : terms.invited ? w.invited : w.terms(terms.dataSetBytesMax, terms.termMsMax, found),
      holds: held === 0 ? w.holdsNothing : [w.holds(held), ...(at!.untilMs > 0 ? [w.until(at!.untilMs)] : [])].join(' ')
    }
  })
}
