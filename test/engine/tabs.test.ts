import { afterEach, describe, expect, it, vi } from 'vitest'
import type { TabMessage } from '../../src/core/tabs/types.ts'
import { SourceChanged } from '../../src/engine/content.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { tabGround } from '../../src/engine/tabs.ts'
import type { ItemView } from '../../src/engine/types.ts'
import { whenState } from '../../src/engine/watch.ts'
import { closeTabs, content, contentOf, held, itemWhen, share, soon, world } from '../support/tab-world.ts'

afterEach(closeTabs)

const isPaused = ({ state }: ItemView) => state === 'paused'
const isComplete = ({ state }: ItemView) => state === 'complete'

describe('two tabs of one browser', () => {
  it('[TB2] that open one link make one record, fetch it once, and both can read it', async () => {
    const { alice, bob } = world()
    const { item: shared, link } = await share(await alice.openTab())
    const [first, second] = [await bob.openTab(), await bob.openTab()]
    const [here, there] = await Promise.all([first.open(link), second.open(link)])
    expect(here.id).toBe(there.id)
    await Promise.all([here.whenReady(soon()), there.whenReady(soon())])
    expect(await bob.catalog.items()).toHaveLength(1)
    expect(shared.peek().peers).toHaveLength(1)
    for (const tab of [first, second]) {
      expect(Buffer.from(await contentOf(tab.item(here.id)!)).equals(content)).toBe(true)
    }
  })

  it('[TB3] [TB4] what one adds is in the other, and what happens to it is seen', async () => {
    const { alice, bob } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    const { item, link } = await share(first)
    const seen = await itemWhen(second, ({ state }) => state === 'sharing')
    expect(seen.peek()).toMatchObject({ id: item.id, title: 'film.bin', link })
    const fetched = await (await bob.openTab()).open(link)
    await fetched.whenReady(soon())
    await whenState(seen, ({ otherCopies }) => otherCopies === 1, soon())
    expect(Buffer.from(await contentOf(seen)).equals(content)).toBe(true)
  })

  it('[TB4] what ends while the other looks it up is seen there as it ended', async () => {
    const { alice } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    const { catalog } = alice
    const look = catalog.item.bind(catalog)
    // It came last, so that the others have heard whatever it hears.
    const witness = alice.origin.tab().ground.channel
    const toldOfEnd = new Promise<void>((resolve) => {
      witness.onmessage = ({ data }: MessageEvent<TabMessage<ItemView>>) => {
        if (data.type === 'view' && data.view.state === 'error') resolve()
      }
    })
    const [found, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    catalog.item = async (id) => {
      const record = await look(id)
      if (record) found.resolve()
      if (record) await goOn.promise
      return record
    }
    const { add, end } = held()
    const item = add(first)
    await found.promise
    end.reject(new SourceChanged('film.bin'))
    await whenState(item, ({ state }) => state === 'error', soon())
    await toldOfEnd
    goOn.resolve()
    const seen = await itemWhen(second, ({ state }) => state === 'error')
    expect(seen.peek().error).toMatchObject({ code: 'source-changed' })
  })

  it('[TB2] a link is known to a tab that heard of its item before it had one', async () => {
    const { alice } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    const { add, end } = held()
    const item = add(first)
    await itemWhen(second, ({ state }) => state === 'adding')
    end.resolve()
    const known = await second.open(await item.whenLinked(soon()))
    expect(known.id).toBe(item.id)
    expect(await alice.catalog.items()).toHaveLength(1)
  })

  it('[TB6] pause and resume act whichever tab is asked', async () => {
    const { alice } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    const { item } = await share(first)
    const seen = await itemWhen(second, ({ state }) => state === 'sharing')
    await seen.pause()
    expect(item.peek().state).toBe('paused')
    await whenState(seen, isPaused, soon())
    await item.resume()
    await whenState(seen, ({ state }) => state === 'sharing', soon())
  })

  it('[TB5] what one removes vanishes in the other, with what was stored', async () => {
    const { alice } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    await share(first)
    const seen = await itemWhen(second, ({ state }) => state === 'sharing')
    await seen.remove()
    await whenState(second.library, (ids) => ids.length === 0, soon())
    expect(first.library.peek()).toEqual([])
    expect(await alice.catalog.items()).toEqual([])
    expect(await alice.store.sets()).toEqual([])
    expect(alice.origin.holds(`quire set ${seen.id}`)).toBe(false)
  })

  it('[TB5] [ST27] what one was removing when it crashed the other removes', async () => {
    const { alice } = world()
    const tab = alice.origin.tab()
    const first = await alice.openTab(tab)
    const { item } = await share(first)
    const second = await alice.openTab()
    await itemWhen(second, ({ state }) => state === 'sharing')
    const remove = alice.store.remove.bind(alice.store)
    const begun = Promise.withResolvers<void>()
    alice.store.remove = () => {
      begun.resolve()
      return new Promise(() => undefined)
    }
    void item.remove()
    await begun.promise
    alice.store.remove = remove
    tab.end()
    await whenState(second.library, (ids) => ids.length === 0, soon())
    await expect.poll(() => alice.catalog.leaving()).toEqual([])
    expect(await alice.store.sets()).toEqual([])
  })

  it('[TB5] whoever reads what is removed meanwhile is told so', async () => {
    const { alice } = world()
    const [first, second] = [await alice.openTab(), await alice.openTab()]
    const { item } = await share(first)
    const seen = await itemWhen(second, ({ state }) => state === 'sharing')
    await seen.files()
    const reader = seen.read(0, 0, content.length).getReader()
    await reader.read()
    await item.remove()
    await whenState(second.library, (ids) => ids.length === 0, soon())
    await expect(seen.whenReady(soon())).rejects.toMatchObject({ code: 'item-gone' })
    const readOn = async () => {
      while (!(await reader.read()).done) continue
    }
    await expect(readOn()).rejects.toMatchObject({ code: 'item-gone' })
  })

  it('[TB5] what was removed can be opened again at once', async () => {
    const { alice, bob } = world()
    const { link } = await share(await alice.openTab())
    const tab = await bob.openTab()
    const item = await tab.open(link)
    await item.whenReady(soon())
    const removed = tab.item(item.id)!.remove()
    const again = await tab.open(link)
    await removed
    await again.whenReady(soon())
    expect(await bob.catalog.items()).toHaveLength(1)
    expect(Buffer.from(await contentOf(tab.item(again.id)!)).equals(content)).toBe(true)
  })

  it('[TB1] [TB5] the other takes over when one closes, as the one left it', async () => {
    const { alice, bob } = world()
    const [sharing, standby] = [await alice.openTab(), await alice.openTab()]
    const { item, link } = await share(sharing)
    await item.pause()
    await itemWhen(standby, isPaused)
    await sharing.close()
    const fetched = await (await bob.openTab()).open(link)
    expect(standby.item(item.id)!.peek().state).toBe('paused')
    await standby.item(item.id)!.resume()
    await fetched.whenReady(soon())
  })

  it('[TB1] a fetch goes on in the other tab when the one that fetches closes, and takes what is held', async () => {
    const { alice, bob } = world()
    const sharing = await alice.openTab()
    const { item: shared, link } = await share(sharing)
    let sent = 0
    const { store } = alice
    const read = store.readBlocks.bind(store)
    const half = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    store.readBlocks = async (set, range) => {
      sent += range.count
      if (sent > 24) {
        half.resolve()
        await goOn.promise
      }
      return read(set, range)
    }
    const [first, second] = [await bob.openTab(), await bob.openTab()]
    const item = await first.open(link)
    await itemWhen(second, () => true)
    await half.promise
    await whenState(item, ({ doneBlocks }) => doneBlocks > 0, soon())
    await first.close()
    goOn.resolve()
    const other = await itemWhen(second, isComplete)
    expect(Buffer.from(await contentOf(other)).equals(content)).toBe(true)
    expect(sent).toBeLessThan(2 * shared.peek().blockCount)
  })

  it('[TB9] a reader in the tab that follows gets first what it waits for', async () => {
    const { alice, bob } = world()
    const { link } = await share(await alice.openTab())
    const first = await bob.openTab()
    const item = await first.open(link)
    const second = await bob.openTab()
    const seen = await itemWhen(second, () => true)
    const bytes = await collectBytes(seen.read(0, 2_000_001, 2_400_000), 399_999)
    expect(Buffer.from(bytes).equals(content.subarray(2_000_001, 2_400_000))).toBe(true)
    expect((await seen.files())[0]).toMatchObject({ path: 'film.bin', sizeBytes: content.length })
    await item.whenReady(soon())
  })

  it('[TB7] of a tab that froze the other takes the place, and when it wakes it follows', async () => {
    const { alice } = world()
    const tab = alice.origin.tab()
    const first = await alice.openTab(tab)
    const { item } = await share(first)
    const second = await alice.openTab()
    const seen = await itemWhen(second, ({ state }) => state === 'sharing')
    tab.freeze()
    await seen.pause()
    expect(second.item(item.id)!.peek().state).toBe('paused')
    tab.thaw()
    await itemWhen(first, isPaused)
    await first.item(item.id)!.resume()
    expect(second.item(item.id)!.peek().state).toBe('sharing')
  })
})

describe('a tab alone', () => {
  it('[TB10] leads everything where the browser lacks a part, or gives no locks', async () => {
    vi.stubGlobal('navigator', {})
    expect(tabGround()).toBeUndefined()
    vi.unstubAllGlobals()
    const { alice, bob } = world()
    const { ground, ...tab } = alice.origin.tab()
    const refuse = () => Promise.reject(new DOMException('Not here.', 'SecurityError'))
    const { link } = await share(await alice.openTab({ ...tab, ground: { ...ground, locks: { request: refuse } } }))
    const item = await (await bob.openTab()).open(link)
    await item.whenReady(soon())
  })
})
