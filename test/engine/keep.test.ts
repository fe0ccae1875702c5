// Long: one small world of tab, tracker and keeper serves all of these.
import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { catalogPageItems, keepTermMsMax } from '../../src/core/limits.ts'
import type { KeepableItem } from '../../src/engine/keep/noting.ts'
import { promisedUntilMs } from '../../src/engine/keep/receipts.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { temporaryFolder } from '../support/files.ts'
import {
  addKept,
  closeAll,
  fetched,
  freshParts,
  hubWithTracker,
  idOf,
  keeperId,
  named,
  openEngine,
  openKeeper,
  otherKey,
  partsIn,
  policy,
  untilKept,
  within
} from '../support/keep-world.ts'
import { addSmallSets, keptSet } from '../support/small-sets.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

describe('a share outlives its tab', () => {
  it('[KE20] at a keeper that no relay names, unless it is unlisted or takes invited peers alone', async () => {
    const hub = hubWithTracker()
    hub.keepers = []
    await openKeeper(hub, freshParts(), { tokens: new Set() }, otherKey)
    await openKeeper(hub)
    const alice = await openEngine(hub, 'alice')
    expect(alice.network.peek().keepers).toEqual([])
    const { keeper } = await untilKept(addKept(alice, seededBytes(3, 100_000)), 'safe')
    expect(keeper).toBe(keeperId)
    const { dataSetBytesMax, termMsMax } = policy
    expect(alice.network.peek().keepers).toMatchObject([
      { peerId: keeperId, found: true, terms: { dataSetBytesMax, termMsMax, invited: false } }
    ])
  })

  it('is safe at a keeper, and fetched from it when whoever shared it is gone', async () => {
    const hub = hubWithTracker()
    await openKeeper(hub)
    const alice = await openEngine(hub, 'alice')
    const content = seededBytes(1, 3_000_000)
    const item = addKept(alice, content)
    const link = await item.whenLinked()
    const { untilMs, host } = await untilKept(item, 'safe')
    expect(host).toBe('keeper.test')
    expect(Math.abs(untilMs - Date.now() - keepTermMsMax)).toBeLessThan(60_000)
    await alice.close()
    expect(Buffer.from(await fetched(await openEngine(hub, 'bob'), link)).equals(content)).toBe(true)
  })

  it('a receipt is the keeper’s, for this data set, and outlives a restart of the tab', async () => {
    const hub = hubWithTracker()
    await openKeeper(hub)
    const parts = freshParts()
    const alice = await openEngine(hub, 'alice', parts)
    const item = addKept(alice, seededBytes(2, 100_000))
    const { untilMs } = await untilKept(item, 'safe')
    const { keep, manifestCid } = (await parts.catalog.item(item.id))!
    const [promise] = keep!.promises
    const changed = promise!.receipt.with(70, promise!.receipt[70]! ^ 1)
    expect(await promisedUntilMs(promise!.receipt, keeperId, manifestCid!)).toBe(untilMs)
    expect(await promisedUntilMs(promise!.receipt, 'another' as PeerId, manifestCid!)).toBeUndefined()
    expect(await promisedUntilMs(changed, keeperId, manifestCid!)).toBeUndefined()
    const again = await openEngine(hubWithTracker(), 'alice', parts) // the keeper is not there
    expect(await untilKept(again.item(item.id)!, 'safe')).toMatchObject({ host: 'keeper.test', untilMs })
  })

  it('[KE7] a keeper that starts again has what it kept, and serves it', async () => {
    await using folder = await temporaryFolder('keeper')
    const hub = hubWithTracker()
    const keeper = await openKeeper(hub, await partsIn(folder.path))
    const alice = await openEngine(hub, 'alice')
    const content = seededBytes(3, 300_000)
    const item = addKept(alice, content)
    const link = await item.whenLinked()
    await untilKept(item, 'safe')
    await Promise.all([alice.close(), keeper.close()])
    const again = await openKeeper(hub, await partsIn(folder.path))
    expect(Buffer.from(await fetched(await openEngine(hub, 'bob'), link)).equals(content)).toBe(true)
    await again.close()
  })

  it('[KE24] a copy that was held before the start is told of and renewed, and fetched by whoever has its link', async () => {
    await using folder = await temporaryFolder('keeper')
    await using ofAlice = await temporaryFolder('alice')
    const hub = hubWithTracker()
    const keeper = await openKeeper(hub, await partsIn(folder.path))
    const content = seededBytes(21, 300_000)
    const alice = await openEngine(hub, 'alice', await partsIn(ofAlice.path))
    const item = addKept(alice, content)
    const link = await item.whenLinked()
    await untilKept(item, 'safe')
    await Promise.all([alice.close(), keeper.close()])
    const again = await partsIn(folder.path)
    await openKeeper(hub, again)
    expect(await again.catalog.restless()).toEqual([])
    expect(Buffer.from(await fetched(await openEngine(hub, 'bob'), link)).equals(content)).toBe(true)
    const back = (await openEngine(hub, 'alice', await partsIn(ofAlice.path))).item(item.id)!
    await untilKept(back, 'safe')
    await back.keep(false)
    await untilKept(back, 'none')
    await expect.poll(() => again.catalog.keptTotals()).toEqual({ copies: 0, bytes: 0 })
    await expect.poll(() => again.store.sets()).toEqual([])
  })

  it('[KE7] what is over when a keeper starts goes, page by page, and nothing else', async () => {
    await using folder = await temporaryFolder('keeper')
    const [over, later] = [Date.now() - 1_000, Date.now() + 3_600_000]
    const count = catalogPageItems + 20
    await addSmallSets(folder.path, 0, count + 2, (index) => keptSet(index, index < count ? over : later))
    const parts = await partsIn(folder.path)
    expect(await parts.catalog.keptTotals()).toMatchObject({ copies: count + 2 })
    await openKeeper(hubWithTracker(), parts)
    await expect.poll(() => parts.catalog.keptTotals(), { timeout: 10_000 }).toMatchObject({ copies: 2 })
    const left = [keptSet(count, 0).id, keptSet(count + 1, 0).id].toSorted()
    const sets = async () => (await parts.store.sets()).toSorted()
    await expect.poll(sets, { timeout: 10_000 }).toEqual(left)
  })

  it('a keeper’s copy is no item of its library', async () => {
    await using folder = await temporaryFolder('keeper')
    const hub = hubWithTracker()
    const keeper = await openKeeper(hub, await partsIn(folder.path))
    await untilKept(addKept(await openEngine(hub, 'alice'), seededBytes(4, 100_000)), 'safe')
    expect(keeper.items()).toEqual([])
    await keeper.close()
    const parts = await partsIn(folder.path)
    const again = await openKeeper(hub, parts)
    expect(again.items()).toEqual([])
    const [record] = await parts.catalog.items()
    await again.close()
    expect(record).toMatchObject({ title: '', fileCount: 0, complete: true })
    expect(record!.secret).toBeUndefined()
  })

  it('[KE9] the switch takes the copy back', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    await openKeeper(hub, parts)
    const item = addKept(await openEngine(hub, 'alice'), seededBytes(5, 100_000))
    await untilKept(item, 'safe')
    const removed = Promise.withResolvers<void>()
    const remove = parts.store.remove.bind(parts.store)
    parts.store.remove = async (set) => remove(set).then(removed.resolve)
    await item.keep(false)
    await removed.promise
    expect(await parts.catalog.items()).toEqual([])
    expect(await parts.store.sets()).toEqual([])
    expect((await untilKept(item, 'none')).wanted).toBe(false)
    await item.keep(true)
    await untilKept(item, 'safe')
  })

  it('[KE17] a keeper that is away when the switch is put off is told when it is there again', async () => {
    await using folder = await temporaryFolder('alice')
    const hub = hubWithTracker()
    const parts = freshParts()
    await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice', await partsIn(folder.path))
    const item = addKept(alice, seededBytes(12, 100_000))
    await untilKept(item, 'safe')
    await alice.close()
    const away = await openEngine(hubWithTracker(), 'alice', await partsIn(folder.path))
    await away.item(item.id)!.keep(false)
    expect(away.item(item.id)!.peek().keep).toMatchObject({ wanted: false, state: 'releasing' })
    await away.close()
    expect(await parts.catalog.items()).toHaveLength(1)
    const removed = Promise.withResolvers<void>()
    const remove = parts.store.remove.bind(parts.store)
    parts.store.remove = async (set) => remove(set).then(removed.resolve)
    const again = await openEngine(hub, 'alice', await partsIn(folder.path))
    await removed.promise
    expect(await parts.catalog.items()).toEqual([])
    expect((await untilKept(again.item(item.id)!, 'none')).wanted).toBe(false)
    await again.close()
  })

  it('what was let go of is not called safe when it is wished for again while paused', async () => {
    const hub = hubWithTracker()
    await openKeeper(hub)
    const item = addKept(await openEngine(hub, 'alice'), seededBytes(14, 100_000))
    await untilKept(item, 'safe')
    await item.keep(false)
    await untilKept(item, 'none')
    await item.pause()
    await item.keep(true)
    expect(item.peek().keep).toMatchObject({ wanted: true, state: 'none' })
    await item.resume()
    await untilKept(item, 'safe')
  })

  it('[KE13] a tab that closed before its keeper had everything does not call it safe at the next visit', async () => {
    await using folder = await temporaryFolder('alice')
    const hub = hubWithTracker()
    const parts = freshParts()
    parts.store.create = () => new Promise(() => undefined) // it promises, and gets no further
    await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice', await partsIn(folder.path))
    const item = addKept(alice, seededBytes(13, 100_000))
    await untilKept(item, 'handing')
    await alice.close()
    const away = await openEngine(hubWithTracker(), 'alice', await partsIn(folder.path)) // the keeper is not there
    await untilKept(away.item(item.id)!, 'away')
    await away.close()
  })

  it('[KE12] [KE19] as many keepers as are wished for have a copy each, and fewer when fewer are', async () => {
    const hub = hubWithTracker()
    hub.keepers = [...hub.keepers, named(idOf(otherKey), 'other.test', hub.keepers[0]!.terms)]
    const [first, second, alices] = [freshParts(), freshParts(), freshParts()]
    await openKeeper(hub, first)
    await openKeeper(hub, second, {}, otherKey)
    const item = addKept(await openEngine(hub, 'alice', alices), seededBytes(14, 200_000))
    await untilKept(item, 'safe')
    expect(await second.catalog.items()).toEqual([])
    const removed = Promise.withResolvers<void>()
    const remove = second.store.remove.bind(second.store)
    second.store.remove = async (set) => remove(set).then(removed.resolve)
    await item.keep(true, 2)
    const safeAt = ({ keep }: ItemView) => keep?.keepers.filter(({ state }) => state === 'safe').length
    await whenState(item, (view) => safeAt(view) === 2 && view.keep?.copiesWanted === 2, within())
    expect((await alices.catalog.item(item.id))!.keep!.promises).toHaveLength(2)
    for (const { catalog } of [first, second]) expect(await catalog.items()).toMatchObject([{ complete: true }])
    await item.keep(true, 1)
    await removed.promise
    expect(safeAt(item.peek())).toBe(1)
    const remembered = async () => (await alices.catalog.item(item.id))!.keep
    await expect.poll(remembered).toMatchObject({ copies: 1, promises: [{ host: 'keeper.test' }] })
  })

  it('what is not wanted kept is offered to nobody', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice')
    await alice.add([blobSource('a.bin', new Blob([seededBytes(6, 1_000)]))]).whenReady()
    await untilKept(addKept(alice, seededBytes(7, 1_000)), 'safe')
    expect(await parts.catalog.items()).toHaveLength(1)
  })

  it('[KE2] says why a keeper does not keep it', async () => {
    const hub = hubWithTracker()
    await openKeeper(hub, freshParts(), { bytesMax: 65_536 })
    const alice = await openEngine(hub, 'alice')
    expect(await untilKept(addKept(alice, seededBytes(8, 5_000_000)), 'refused')).toMatchObject({ code: 'too-large' })
    expect(await untilKept(addKept(alice, seededBytes(9, 200_000)), 'refused')).toMatchObject({ code: 'full' })
  })

  it('[KE8] a copy that is larger than was offered is given up', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice')
    const item = alice.add([blobSource('lie.bin', new Blob([seededBytes(10, 300_000)]))])
    await item.whenReady()
    const offered = alice.item(item.id) as unknown as KeepableItem
    const { keepable } = offered
    Object.defineProperty(offered, 'keepable', { value: { ...keepable, sizeBytes: 65_536 } })
    await item.keep(true)
    expect(await untilKept(item, 'refused')).toMatchObject({ code: 'too-large' })
    expect(await parts.store.sets()).toEqual([])
  })

  it('a tab takes no offers', async () => {
    const hub = hubWithTracker()
    const tab = hub.join(keeperId)
    const parts = freshParts()
    await openEngine(hub, keeperId, { ...parts, network: tab })
    await tab.start()
    const item = addKept(await openEngine(hub, 'alice'), seededBytes(11, 1_000))
    await untilKept(item, 'away')
    expect(await parts.catalog.items()).toEqual([])
  })
})
