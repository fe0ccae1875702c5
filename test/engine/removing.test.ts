import { afterEach, describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { whenState } from '../../src/engine/watch.ts'
import { StoreFailed } from '../../src/store/errors.ts'
import type { BlockStore } from '../../src/store/types.ts'
import { FakeOrigin } from '../support/fake-tabs.ts'
import {
  addKept,
  closeAll,
  fetched,
  freshParts,
  hubWithTracker,
  keeperId,
  openEngine,
  openKeeper,
  untilKept,
  within
} from '../support/keep-world.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

const film = seededBytes(7, 600_000)

/** A place that outlives its engines. */
function place() {
  const parts = freshParts()
  parts.store.close = parts.catalog.close = async () => undefined
  return parts
}

/**
 * Blocks are not removed until `again`: whoever began it may as well have been killed. `begun` says of which item, `end`
 * lets go of whoever waits.
 */
function killed(store: BlockStore) {
  const remove = store.remove.bind(store)
  const begun = Promise.withResolvers<SetId>()
  const removing = Promise.withResolvers<void>()
  store.remove = (set) => (begun.resolve(set), removing.promise)
  const end = () => removing.reject(new StoreFailed('killed'))
  return { begun: begun.promise, again: () => (store.remove = remove), end }
}

type World = ReturnType<typeof hubWithTracker>
const isEmpty = ({ usedBytes }: { usedBytes: number }) => usedBytes === 0

/** A library whose only item was about to be removed when its program ended. */
async function interrupted(hub: World, over: Partial<EngineOptions> = {}) {
  const parts = place()
  const engine = await openEngine(hub, 'alice', { ...parts, ...over })
  const item = engine.add([blobSource('film.bin', new Blob([film]))])
  await item.whenReady(within())
  const { begun, again } = killed(parts.store)
  void item.remove()
  await begun
  return { parts, id: item.id, again }
}

describe('what is removed while it is being added', () => {
  it('[ST27] leaves nothing, wherever the adding has come to', async () => {
    const parts = place()
    const engine = await openEngine(hubWithTracker(), 'alice', parts)
    for (let turns = 0; turns < 40; turns++) {
      const item = engine.add([blobSource('film.bin', new Blob([film]))])
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await item.remove()
    }
    await engine.add([blobSource('other.bin', new Blob([film]))]).whenReady(within())
    expect(await parts.store.sets()).toHaveLength(1)
    expect(await parts.catalog.items()).toHaveLength(1)
  })

  it('tells whoever waits for it, or for its files', async () => {
    const engine = await openEngine(hubWithTracker(), 'alice')
    const item = engine.add([blobSource('film.bin', new Blob([film]))])
    const waits = [item.whenReady(within()), item.whenLinked(within()), item.files()]
    const told = waits.map((wait) => expect(wait).rejects.toMatchObject({ code: 'item-gone' }))
    await Promise.all([item.remove(), ...told])
  })

  it('otherwise has files as soon as it has a link', async () => {
    const engine = await openEngine(hubWithTracker(), 'alice')
    const item = engine.add([blobSource('film.bin', new Blob([film]))])
    expect(await item.files()).toMatchObject([{ path: 'film.bin', sizeBytes: film.length }])
  })
})

describe('[ST27] what was being removed when a program ended', () => {
  it('gives its space back at the next start, and is in no library meanwhile', async () => {
    const hub = hubWithTracker()
    const { parts, again } = await interrupted(hub)
    expect(await parts.catalog.items()).toEqual([])
    expect(await parts.store.usedBytes()).toBeGreaterThan(film.length)
    again()
    const next = await openEngine(hub, 'alice again', parts)
    await whenState(next.storage, isEmpty, within())
    expect(next.items()).toEqual([])
    expect(await parts.catalog.leaving()).toEqual([])
  })

  it('of the copies that a keeper holds for others, too', async () => {
    const hub = hubWithTracker()
    const parts = place()
    await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice')
    const item = addKept(alice, film)
    await untilKept(item, 'safe')
    const { begun, again, end } = killed(parts.store)
    await item.keep(false)
    expect(await parts.store.sets()).toEqual([await begun])
    expect(await parts.catalog.keptTotals()).toMatchObject({ copies: 0 })
    again()
    end()
    const next = await openEngine(hub, `${keeperId} again`, parts)
    await whenState(next.storage, isEmpty, within())
    expect(await parts.catalog.leaving()).toEqual([])
  })

  it('is fetched whole when it is opened at once, and stays', async () => {
    const hub = hubWithTracker()
    const alice = await openEngine(hub, 'alice')
    const link = await alice.add([blobSource('film.bin', new Blob([film]))]).whenLinked()
    const parts = place()
    const bob = await openEngine(hub, 'bob', parts)
    const item = await bob.open(link)
    await item.whenReady(within())
    const { begun, again } = killed(parts.store)
    void item.remove()
    await begun
    again()
    const next = await openEngine(hub, 'bob again', parts)
    expect(Buffer.from(await fetched(next, link)).equals(film)).toBe(true)
    const later = await openEngine(hub, 'bob later', parts)
    await later.item(item.id)!.whenReady(within())
    expect(await parts.catalog.leaving()).toEqual([])
    expect((await parts.store.held(item.id))!.isFull).toBe(true)
  })

  it('is left alone while a tab is about to remove it, and taken up once that has ended', async () => {
    const hub = hubWithTracker()
    const origin = new FakeOrigin()
    const removing = origin.tab()
    const { parts, id, again } = await interrupted(hub, { tabs: removing.ground })
    again()
    const second = await openEngine(hub, 'second', { ...parts, tabs: origin.tab().ground })
    expect(await second.find(id)).toBeUndefined()
    expect(await parts.catalog.leaving()).toEqual([id])
    removing.end()
    const third = await openEngine(hub, 'third', { ...parts, tabs: origin.tab().ground })
    await whenState(third.storage, isEmpty, within())
    expect(await parts.catalog.leaving()).toEqual([])
  })
})
