import { describe, expect, it } from 'vitest'
import { ownerHex, readReceipt } from '../../src/core/keep/receipt.ts'
import { blockBytes } from '../../src/core/limits.ts'
import { promisedUntilMs } from '../../src/engine/keep/receipts.ts'
import type { Item, ItemView, KeepView } from '../../src/engine/types.ts'
import type { KeptRecord } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { cidOf, isWhole } from '../support/calls.ts'
import { KeepTown } from '../support/keep-town.ts'
import { PlayedClock } from '../support/played-clock.ts'
import type { RestlessBrowser } from '../support/restless-browser.ts'
import type { RestlessKeeper } from '../support/restless-keeper.ts'

type Safe = KeepView['keepers'][number]
const safeIn = (keep: KeepView | undefined): readonly Safe[] =>
  keep?.keepers.filter(({ state }) => state === 'safe') ?? []
const keptBy = async ({ catalog }: RestlessKeeper) => (await catalog.items()) as KeptRecord[]

/** Whoever wishes for copies has as many as there are keepers that take them, and no more. */
function lacking({ browsers, online, isShort }: KeepTown): ItemView[] {
  const views = browsers.flatMap(({ tabs }) => tabs[0]!.items()).map((item) => item.peek())
  return views.filter((view) => {
    const { keep, blockCount } = view
    if (!keep) return false
    if (!keep.wanted) return keep.state !== 'none' && !isShort // one that is gone for good is never told
    const fitting = online.filter(({ policy }) => policy.dataSetBytesMax >= blockCount * blockBytes).length
    return isWhole(view) && safeIn(keep).length !== Math.min(fitting, keep.copiesWanted)
  })
}

/** What is shown of keepers, and remembered, is what they signed, and what they have. */
async function untrue(town: KeepTown): Promise<string[]> {
  const faults: string[] = []
  for (const browser of town.browsers) {
    for (const item of browser.tabs[0]!.items()) {
      const record = (await browser.catalog.item(item.id))!
      const safe = safeIn(item.peek().keep)
      const each = await Promise.all(safe.map((shown) => untrueOf(town, shown, record)))
      const stray = await straysOf(town, safe, record)
      faults.push(...[...each.flat(), ...stray].map((fault) => `${browser.name} ${item.id}: ${fault}`))
    }
  }
  return faults
}

async function untrueOf(town: KeepTown, { keeper, untilMs }: Safe, record: ItemRecord): Promise<string[]> {
  const { keep, manifestCid } = record
  const promise = keep!.promises.find((each) => each.keeper === keeper)
  if (!promise?.held || promise.untilMs !== untilMs) return ['another promise is remembered than is shown']
  const owner = ownerHex(keep!.ownerKey)
  const { catalog } = town.keepers.find(({ peerId }) => peerId === keeper)!
  const held = (await catalog.itemByManifest(manifestCid!)) as KeptRecord | undefined
  if (!held?.complete) return ['what is called safe is not there']
  return [
    (await promisedUntilMs(promise.receipt, keeper, manifestCid!)) === untilMs ? '' : 'the receipt says otherwise',
    readReceipt(promise.receipt).sizeBytes === held.kept.sizeBytes ? '' : 'the receipt is about another size',
    held.kept.untilMs >= untilMs ? '' : 'it is kept for a shorter time than is shown',
    held.kept.owners.includes(owner) ? '' : 'the keeper does not know whose it is'
  ].filter((fault) => fault)
}

/** Keepers that have a copy and were let go of, or are too many. Who ended a tab may have forgotten some. [KE17] [KE19] */
async function straysOf(town: KeepTown, safe: readonly Safe[], { keep }: ItemRecord): Promise<string[]> {
  if (!keep || !town.isSteady) return []
  const owner = ownerHex(keep.ownerKey)
  const strays: string[] = []
  for (const keeper of town.online) {
    const isOwned = (await keptBy(keeper)).some(({ kept }) => kept.owners.includes(owner))
    if (isOwned && !safe.some((shown) => shown.keeper === keeper.peerId)) strays.push(`${keeper.peerId} has it still`)
  }
  return strays
}

/** A keeper counts what it has, and has nothing that it does not count. */
async function miscounted(keeper: RestlessKeeper): Promise<unknown[]> {
  const { running, catalog, store } = keeper
  const records = await keptBy(keeper)
  const { promisedBytes, copies } = running!.keeping.load
  const totals = await catalog.keptTotals()
  const known = records.filter(({ manifest }) => manifest).map(({ id }) => id)
  const sets = await store.sets()
  const half = records.filter(({ complete }) => complete)
  const isFull = await Promise.all(half.map(async ({ id }) => (await store.held(id))?.isFull))
  return [
    ...(promisedBytes === totals.bytes && copies === totals.copies ? [] : [{ promisedBytes, copies, totals }]),
    ...new Set(sets).symmetricDifference(new Set(known)),
    ...(await catalog.leaving()),
    ...half.filter((_, i) => !isFull[i])
  ]
}

/** What a keeper has whoever has the link gets, when nobody else is there. */
async function fetchAll(town: KeepTown): Promise<void> {
  for (const browser of town.browsers) await browser.closeAll()
  const receiver: RestlessBrowser = town.newBrowser('carol')
  const tab = await receiver.open()
  const isHeld = async (item: Item) => {
    const cid = cidOf(item.peek())
    const records = cid ? await Promise.all(town.online.map(({ catalog }) => catalog.itemByManifest(cid))) : []
    return records.some((record) => record?.complete)
  }
  for (const link of town.handedOn.links) {
    const item = await tab.engine.open(link)
    await town.until(
      async () => (!isWhole(item.peek()) && (await isHeld(item)) ? [item.peek()] : []),
      'a copy is fetched'
    )
    if (isWhole(item.peek())) await town.handedOn.check(item)
  }
  await receiver.closeAll()
}

async function leftAt({ running, catalog, store }: RestlessKeeper): Promise<unknown[]> {
  const { promisedBytes, copies } = running!.keeping.load
  const counted = promisedBytes + copies > 0 ? [{ promisedBytes, copies }] : []
  return [...counted, ...(await catalog.items()), ...(await store.sets()), ...(await catalog.leaving())]
}

async function hold(town: KeepTown): Promise<void> {
  await town.until(() => lacking(town), 'there are as many copies as are wished for')
  await town.until(() => untrue(town), 'what is said of keepers is true')
  for (const keeper of town.online) await town.until(() => miscounted(keeper), 'a keeper counts what it has')
  await fetchAll(town)
  town.passTerms()
  for (const keeper of town.online) await town.until(() => leftAt(keeper), 'nothing outlives its term')
  for (const keeper of town.online) await keeper.close()
  expect(town.online).toEqual([])
}

// Promises of the platform end in an order of their own: a seed gives the same deeds, not quite the same run.
describe('whatever keepers and those who ask them do, in whatever order', () => {
  it.concurrent.for([1, 3, 4, 6])(
    '[KE2] [KE6] [KE7] [KE9] [KE12] [KE13] [KE17] [KE19] nothing hangs, is lost or is left over, seed %i',
    { timeout: 90_000 },
    async (seed) => {
      const clock = new PlayedClock()
      await clock.within(async () => {
        const town = new KeepTown(seed, clock)
        try {
          await town.act(100)
          await town.heal()
          await hold(town)
        } catch (error) {
          throw new Error(`${(error as Error).message}\n${town.said.join('\n')}`, { cause: error })
        }
      })
    }
  )
})
