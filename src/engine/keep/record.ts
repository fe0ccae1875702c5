import type { PeerId } from '../../core/ids.ts'
import type { KeepStanding } from '../../core/keep/asker-types.ts'
import type { KeepRecord } from '../../store/types.ts'
import type { KeepView } from '../types.ts'

/** What is shown of keepers: what they say now, or, before they were asked, what they promised. */
export function keepView(
  keep: KeepRecord,
  standing: KeepStanding | undefined,
  nowMs: number,
  sizeBytes: number
): KeepView {
  const { wanted, copies: copiesWanted = 1 } = keep
  const wish = { wanted, copiesWanted }
  const promises = keep.promises.filter(({ untilMs }) => untilMs > nowMs)
  const nothing = { heldBytes: 0, untilMs: 0, keepers: [] }
  if (!wanted) return { ...wish, state: promises.length > 0 ? 'releasing' : 'none', ...nothing }
  const hostOf = (keeper: PeerId | undefined) => promises.find((promise) => promise.keeper === keeper)?.host
  if (standing) {
    const keepers = standing.keepers.map((each) => ({ ...each, host: hostOf(each.keeper) }))
    return { ...wish, ...standing, host: hostOf(standing.keeper), keepers }
  }
  const held = promises.filter((promise) => promise.held).toSorted((a, b) => b.untilMs - a.untilMs)
  const keepers = held.map(({ keeper, host, untilMs }) => {
    return { keeper, host, untilMs, state: 'safe' as const, heldBytes: sizeBytes }
  })
  return keepers[0] ? { ...wish, ...keepers[0], keepers } : { ...wish, state: 'none', ...nothing }
}
