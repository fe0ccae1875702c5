import { bytesEqual } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { KeepStanding } from '../../core/keep/asker-types.ts'
import { keepPromisesMax } from '../../core/limits.ts'
import type { KeepPromise, KeepRecord, KeptContact } from '../../store/types.ts'

/** What becomes of a record; the same record when that is nothing new. */
export type Noting = (keep: KeepRecord) => KeepRecord

/** With another promise, or a later one of the same keeper, which has what it had. */
export function withPromise(keep: KeepRecord, promise: Omit<KeepPromise, 'held'>, nowMs: number): KeepRecord {
  const held = keep.promises.some((before) => before.keeper === promise.keeper && before.held)
  const others = without(keep, promise.keeper).promises.filter(({ untilMs }) => untilMs > nowMs)
  return { ...keep, promises: [...others, { ...promise, held }].slice(-keepPromisesMax) }
}

/** With the way in which that keeper was reached; the same record when that is as before, or it promised nothing. [KE23] */
export function withContact(keep: KeepRecord, keeper: PeerId, contact: KeptContact | undefined): KeepRecord {
  const isOther = (promise: KeepPromise) =>
    promise.keeper === keeper && contact && !bytesEqual(promise.contact?.record ?? noBytes, contact.record)
  if (!keep.promises.some(isOther)) return keep
  return { ...keep, promises: keep.promises.map((each) => (isOther(each) ? { ...each, contact } : each)) }
}

const noBytes = new Uint8Array(0)

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
