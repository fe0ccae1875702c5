import { expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { keepPromisesMax } from '../../src/core/limits.ts'
import { withContact, withoutCopies, withPromise, withStanding } from '../../src/engine/keep/noting.ts'
import { keepView } from '../../src/engine/keep/record.ts'
import type { KeepRecord, KeptContact } from '../../src/store/types.ts'
import { seededBytes } from '../support/seeded.ts'

const terms = { dataSetBytesMax: 1e6, termMsMax: 1e9, invited: false }
const contact = (seed: number): KeptContact => ({ record: seededBytes(seed, 100), terms })
const promiseOf = (n: number, untilMs = 2_000) => ({
  keeper: `keeper-${n}` as PeerId,
  host: `${n}.example`,
  untilMs,
  receipt: seededBytes(n, 100),
  contact: contact(n)
})
const nothing: KeepRecord = { wanted: true, copies: 2, ownerKey: seededBytes(1, 32), promises: [] }
const keepersOf = ({ promises }: KeepRecord) => promises.map(({ keeper }) => keeper)

it('[KE23] so many promises are remembered, the last ones, and none whose term is over', () => {
  let keep = withPromise(nothing, promiseOf(99, 1_000), 0)
  for (let n = 0; n < keepPromisesMax + 3; n++) keep = withPromise(keep, promiseOf(n), 1_000)
  expect(keepersOf(keep)).toHaveLength(keepPromisesMax)
  expect(keepersOf(keep)).not.toContain('keeper-99')
  expect(keepersOf(keep)[0]).toBe('keeper-3')
  const again = withPromise(keep, promiseOf(3, 9_000), 1_000)
  expect(keepersOf(again)).toHaveLength(keepPromisesMax)
  expect(again.promises.at(-1)).toMatchObject({ keeper: 'keeper-3', untilMs: 9_000 })
})

it('[KE23] the way to a keeper is replaced when it is reached by another, and written no more often', () => {
  const keep = withPromise(withPromise(nothing, promiseOf(1), 0), promiseOf(2), 0)
  const { keeper } = promiseOf(1)
  expect(withContact(keep, keeper, contact(1))).toBe(keep)
  expect(withContact(keep, keeper, undefined)).toBe(keep)
  expect(withContact(keep, 'keeper-3' as PeerId, contact(5))).toBe(keep)
  const moved = withContact(keep, keeper, contact(5))
  expect(moved.promises.map((promise) => promise.contact)).toEqual([contact(5), contact(2)])
  const { contact: _, ...old } = { ...promiseOf(4), held: true }
  expect(withContact({ ...nothing, promises: [old] }, old.keeper, contact(4)).promises[0]!.contact).toEqual(contact(4))
})

it('[KE17] [KE19] what a keeper is told to let go of is not remembered as held', () => {
  const promises = [promiseOf(1), promiseOf(2)].map((each) => ({ ...each, held: true }))
  const heldOf = (keep: KeepRecord) => keep.promises.map(({ held }) => held)
  expect(heldOf(withoutCopies({ ...nothing, promises }))).toEqual([false, false])
  const safe = { keeper: promises[0]!.keeper, state: 'safe', heldBytes: 1, untilMs: 2_000 } as const
  expect(heldOf(withStanding({ ...nothing, promises }, { ...safe, keepers: [safe] }))).toEqual([true, false])
  const kept = { ...nothing, promises }
  expect(withStanding(kept, undefined)).toBe(kept)
})

it('what keepers promised is shown until they are asked, each with what it has', () => {
  const promises = [promiseOf(1, 3_000), promiseOf(2), promiseOf(3), promiseOf(4, 500)]
  const keep = { ...nothing, promises: promises.map((each, i) => ({ ...each, held: i !== 2 })) }
  expect(keepView(keep, undefined, 1_000, 77)).toMatchObject({
    state: 'safe',
    untilMs: 3_000,
    keepers: [
      { host: '1.example', state: 'safe', heldBytes: 77 },
      { host: '2.example', state: 'safe', heldBytes: 77 }
    ]
  })
  expect(keepView(keep, undefined, 3_000, 77)).toMatchObject({ state: 'none', keepers: [] })
})
