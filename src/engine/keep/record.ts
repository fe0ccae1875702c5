import type { PeerId } from '../../core/ids.ts'
import type { KeepStanding } from '../../core/keep/asker-types.ts'
import type { KeepPromise, KeepRecord } from '../../store/types.ts'
import type { KeepView } from '../types.ts'

/** With another promise, or a later one of the same keeper, which has what it had. */
export function withPromise(keep: KeepRecord, promise: Omit<KeepPromise, 'held'>): KeepRecord {
  const held = keep.promises.some((before) => before.keeper === promise.keeper && before.held)
  return { ...keep, promises: [...without(keep, promise.keeper).promises, { ...promise, held }] }
}

export const without = (keep: KeepRecord, keeper: PeerId): KeepRecord => ({
  ...keep,
  promises: keep.promises.filter((promise) => promise.keeper !== keeper)
})

/** With what keepers say now that they hold; the same record when that is nothing new. */
export function withStanding(keep: KeepRecord, standing: KeepStanding | undefined): KeepRecord {
  let isNew = false
  const promises = keep.promises.map((promise) => {
    const now = standing?.keepers.find(({ keeper }) => keeper === promise.keeper)
    if (!now || (now.state === 'safe') === promise.held) return promise
    isNew = true
    return { ...promise, held: !promise.held }
  })
  return isNew ? { ...keep, promises } : keep
}

/** What is shown of keepers: what they say now, or, before they were asked, what they promised. */
export function keepView(keep: KeepRecord, standing: KeepStanding | undefined, nowMs: number): KeepView {
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
  const [last] = promises.filter(({ held }) => held).toSorted((a, b) => b.untilMs - a.untilMs)
  if (!last) return { ...wish, state: 'none', ...nothing }
  const { keeper, host, untilMs } = last
  return { ...wish, state: 'safe', keeper, host, heldBytes: 0, untilMs, keepers: [] }
}
