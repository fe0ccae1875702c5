import { bytesEqual, bytesOfBase64url } from '../../core/bytes.ts'
import type { PeerId, SwarmId } from '../../core/ids.ts'
import type { KeepStanding, Wish } from '../../core/keep/asker-types.ts'
import { keepPromisesMax, recordBytesMax } from '../../core/limits.ts'
import type { NamedKeeper } from '../../network/types.ts'
import type { KeepPromise, KeepRecord, KeptContact } from '../../store/types.ts'

/** What becomes of a record; the same record when that is nothing new. */
export type Noting = (keep: KeepRecord) => KeepRecord

/** An item as far as keepers are concerned. */
export interface KeepableItem {
  readonly swarmId: SwarmId | undefined
  /** What a keeper needs of it; undefined while it is not whole, not served, or removed. */
  readonly keepable: Omit<Wish, 'copies' | 'promises' | 'ownerKey'> | undefined
  readonly keepRecord: KeepRecord | undefined
  /** How it stands, and what is to be remembered of that. */
  onKeepStanding(standing: KeepStanding | undefined, note: Noting): Promise<void>
  /** Something about keepers is to be remembered. */
  noteKeep(note: Noting): Promise<void>
}

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

/** Who is told to let go may have done so when nobody hears of it: its copy does not count. */
export const withoutCopies = (keep: KeepRecord): KeepRecord => ({
  ...keep,
  promises: keep.promises.map((promise) => ({ ...promise, held: false }))
})

/** With what keepers say now that they hold; the same record when that is nothing new. */
export function withStanding(keep: KeepRecord, standing: KeepStanding | undefined): KeepRecord {
  if (!standing) return keep
  let isNew = false
  const promises = keep.promises.map((promise) => {
    const now = standing.keepers.find(({ keeper }) => keeper === promise.keeper)
    if ((now?.state === 'safe') === promise.held) return promise
    isNew = true
    return { ...promise, held: !promise.held }
  })
  return isNew ? { ...keep, promises } : keep
}

/** What is remembered of a keeper with its promise. [KE23] */
export function contactOf(named: NamedKeeper | undefined): KeptContact | undefined {
  const record = bytesOfBase64url(named?.record ?? '')
  return named && record && record.length <= recordBytesMax
    ? { record, terms: named.terms, found: named.found }
    : undefined
}

/** What of keepers is shown, or decides what they are asked. */
export const marksOf = (keepers: readonly NamedKeeper[]): string =>
  keepers
    .map(({ peerId, remembered, byInvitation, terms: { dataSetBytesMax, termMsMax } }) =>
      [peerId, remembered, byInvitation, dataSetBytesMax, termMsMax].join(' ')
    )
    .join()
