import type { PeerId } from '../ids.ts'
import type { KeeperStanding, KeepStanding, KeepState } from './asker-types.ts'
import type { Deal } from './deal.ts'

/** Furthest first. */
const order: readonly KeepState[] = ['safe', 'handing', 'asking', 'away', 'refused']

/** How a wish stands by its deals with keepers. `isAway` tells of a keeper whether it did not answer when last asked. */
export function standingOf(deals: Iterable<Deal>, isAway: (keeper: PeerId) => boolean, nowMs: number): KeepStanding {
  const keepers = [...deals].map((deal) => atKeeper(deal, isAway(deal.keeper), nowMs))
  const [first] = keepers.toSorted(
    (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.untilMs - a.untilMs || b.heldBytes - a.heldBytes
  )
  return first ? { ...first, keepers } : { state: 'none', heldBytes: 0, untilMs: 0, keepers }
}

function atKeeper(deal: Deal, isAway: boolean, nowMs: number): KeeperStanding {
  const { keeper, heldBytes, untilMs, copy, code } = deal
  if (code) return { keeper, state: 'refused', heldBytes: 0, untilMs: 0, code }
  if (copy === 'held' && untilMs > nowMs) return { keeper, state: 'safe', heldBytes, untilMs }
  const state = isAway ? 'away' : untilMs > 0 || copy !== 'none' ? 'handing' : 'asking'
  return { keeper, state, heldBytes, untilMs: 0 }
}
