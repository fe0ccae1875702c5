import type { PeerId } from '../core/ids.ts'
import { isAboutInvitation, type RefuseCode } from '../core/keep/types.ts'
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

/** How it stands with keepers, in a sentence. */
export function keepLine(view: ItemView, known: readonly NamedKeeper[], reach: Reach = 'online'): string {
  const w = sheet.keep
  const { keep } = view
  const state = keepStateOf(view)
  if (!keep || state === 'off') return w.off
  if (state === 'releasing') return w.releasing
  const name = named(keep, known)
  const host = name ?? w.unnamed
  if (state === 'safe') return safeLine(view, host, known)
  if (view.state === 'adding') return w.sealing
  if (view.state === 'paused') return w.paused
  if (!isWhole(view)) return w.partial
  const { keepers, unreached } = keep
  if (unreached && reach !== 'online') return w.promised(host, unreached, w.reach[reach])
  if (reach !== 'online' && state !== 'refused') return w.reach[reach]
  const asked = keepers.filter((each) => each.state === state).length
  switch (state) {
    case 'refused':
      return refusedLine(keep, known, asked)
    case 'handing':
      return w.handing(host, keep.heldBytes, Math.max(keep.heldBytes, view.totalBytes))
    case 'asking':
      return asked > 1 ? w.askingSeveral(asked) : w.asking(host)
    case 'away':
      if (!unreached) return w.away(host)
      return promisedAt(view) > 1 ? w.unreachedAll(promisedAt(view)) : w.unreached(host, unreached)
    case 'none':
      return known.some(({ remembered }) => !remembered) ? w.soon : w.none
  }
}

/** Where several refused, it is said of the one that a person chose. */
function refusedLine(keep: KeepView, known: readonly NamedKeeper[], asked: number): string {
  const w = sheet.keep
  const chosen = keep.keepers.find(({ code }) => isAboutInvitation(code))
  if (!chosen && asked > 1) return w.refusedByAll
  const at = chosen ?? keep
  return whyOf(at.code ?? 'not-allowed', named(at, known))
}

function whyOf(code: RefuseCode, name: string | undefined): string {
  const w = sheet.keep
  return w.refused[code](name ?? (code === 'too-large' ? w.unnamedThere : w.unnamed))
}

/** How many keepers have promised to keep it, and cannot be reached. */
export const promisedAt = ({ keep }: ItemView): number => keep?.keepers.filter((each) => each.unreached).length ?? 0

/** One is enough; of others that are to have a copy too it is said what they are at. */
function safeLine(view: ItemView, host: string, known: readonly NamedKeeper[]): string {
  const w = sheet.keep
  const { keepers, untilMs, code } = view.keep!
  const safe = keepers.filter(({ state }) => state === 'safe')
  if (safe.length > 1) return w.safeAt(safe.length, Math.min(...safe.map((each) => each.untilMs)))
  const next = keepers.find(({ state }) => state === 'handing')
  const further = next ? w.nextToo(named(next, known) ?? w.unnamed) : ''
  return w.safe(host, untilMs) + (code ? w.notLonger(whyOf(code, host)) : '') + further
}

/** What is to be said of one keeper in a few words. */
function holdsOf(at: KeepView['keepers'][number] | undefined): string {
  const w = sheet.keep
  if (at?.code && at.state === 'refused') return w.declined[at.code]
  if (at?.unreached) return w.awaySince(at.unreached.sinceMs)
  if (at?.state === 'away') return w.silent
  if (at?.state === 'asking') return w.isAsked
  if (!at || at.heldBytes === 0) return w.holdsNothing
  const holds = [w.holds(at.heldBytes), ...(at.untilMs > 0 ? [w.until(at.untilMs)] : [])].join(' ')
  return at.code ? `${holds}, ${w.declined[at.code]}` : holds
}

/** A keeper that is known or was asked: its name, its terms, and what it holds of an item. */
export interface KeeperRow {
  readonly id: PeerId
  readonly host: string
  readonly terms: string
  readonly holds: string
  /** A person of this device accepted its invitation, which can be forgotten. */
  readonly byInvitation: boolean
}

export function keeperRows({ keep }: ItemView, known: readonly NamedKeeper[]): KeeperRow[] {
  const w = sheet.keep
  const chosen = keep?.keepers ?? []
  const others = known.filter(({ remembered }) => !remembered)
  const ids = new Set([...chosen.map(({ keeper }) => keeper), ...others.map(({ peerId }) => peerId)])
  return [...ids].map((id) => {
    const at = chosen.find(({ keeper }) => keeper === id)
    const keeper = known.find(({ peerId }) => peerId === id)
    return {
      id,
      host: named({ keeper: id, host: at?.host }, known) ?? w.unnamed,
      terms: keeper ? termsLine(keeper) : '',
      holds: holdsOf(at),
      byInvitation: keeper?.byInvitation === true
    }
  })
}

function termsLine({ terms, found, byInvitation }: NamedKeeper): string {
  const w = sheet.keep
  if (terms.invited && !byInvitation) return w.invited
  const line = w.terms(terms.dataSetBytesMax, terms.termMsMax)
  return (found ? w.strangers : byInvitation ? w.byInvitation : '') + line
}
