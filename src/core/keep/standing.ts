import type { PeerId } from '../ids.ts'
import type { KeeperStanding, KeepStanding, KeepState } from './asker-types.ts'
import { type Deal, isPromised } from './deal.ts'

/** Furthest first. */
const order: readonly KeepState[] = ['safe', 'handing', 'asking', 'away', 'refused']

interface Judgements {
  /** It did not answer when last asked. */
  readonly isAway: (keeper: PeerId) => boolean
  /** Since then it has not answered, for so long that its copy is not counted on. */
  readonly goneSinceMs: (keeper: PeerId) => number | undefined
}

/** How a wish stands by its deals with keepers. */
export function standingOf(deals: Iterable<Deal>, judgements: Judgements, nowMs: number): KeepStanding {
  const keepers = [...deals].map((deal) => atKeeper(deal, judgements, nowMs))
  const [first] = keepers.toSorted(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.untilMs - a.untilMs || b.heldBytes - a.heldBytes
  )
  return first ? { ...first, keepers } : { state: 'none', heldBytes: 0, untilMs: 0, keepers }
}

function atKeeper(deal: Deal, { isAway, goneSinceMs }: Judgements, nowMs: number): KeeperStanding {
  const { keeper, heldBytes, untilMs, copy, code } = deal
  if (isPromised(deal, nowMs)) {
    const sinceMs = goneSinceMs(keeper)
    if (sinceMs === undefined) return { keeper, state: 'safe', heldBytes, untilMs, ...(code && { code }) }
    return { keeper, state: 'away', heldBytes, untilMs: 0, unreached: { sinceMs, promisedUntilMs: untilMs } }
  }
  if (code) return { keeper, state: 'refused', heldBytes: 0, untilMs: 0, code }
  const state = isAway(keeper) ? 'away' : untilMs > 0 || copy !== 'none' ? 'handing' : 'asking'
  return { keeper, state, heldBytes, untilMs: 0 }
}
