import { afterEach, describe, expect, it, vi } from 'vitest'
import { QuireEngine } from '../../src/engine/engine.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { tabGround } from '../../src/engine/tabs.ts'
import type { Item, ItemView } from '../../src/engine/types.ts'
import { platformTimers, type Timers, whenState } from '../../src/engine/watch.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { FakeOrigin } from '../support/fake-tabs.ts'
import { seededBytes } from '../support/seeded.ts'

const room = {
  durable: true,
  freeBytes: async () => 1e12,
  persisted: async () => false
}
/** Seconds pass in a tenth of the time. */
const hasty: Timers = {
  nowMs: () => performance.now() * 10,
  after: (delayMs, run) => platformTimers.after(delayMs / 10, run)
}
const soon = () => ({ signal: AbortSignal.timeout(5_000) })
const content = seededBytes(3, 3_000_000)

/** A browser with a store and a catalog that its tabs share. */
class Browser {
  readonly origin = new FakeOrigin()
  readonly store = new MemoryBlockStore()
  readonly catalog = new MemoryCatalog()
  readonly #hub: MemoryHub
  readonly #name: string
  #tabs = 0

  constructor(hub: MemoryHub, name: string) {
    this.#hub = hub
    this.#name = name
    // It stays when one of its tabs is closed.
    this.store.close = async () => undefined
    this.catalog.close = async () => undefined
  }

  async openTab({ ground } = this.origin.tab()): Promise<QuireEngine> {
    const engine = await QuireEngine.open({
      store: this.store,
      catalog: this.catalog,
      network: this.#hub.join(`${this.#name} ${++this.#tabs}`),
      origin: 'https://quire.test',
      role: 'tab',
      flush: async () => undefined,
      room,
      timers: hasty,
      tabs: ground
    })
    open.push(engine)
    return engine
  }
}

const open: QuireEngine[] = []
afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close()
})

function world(): { alice: Browser; bob: Browser } {
  const tracker = new TrackerService(() => true)
  const hub = new MemoryHub((lane) => tracker.accept(lane))
  return { alice: new Browser(hub, 'alice'), bob: new Browser(hub, 'bob') }
}

/** The item of that place in the library, whichever tab leads it by now, once it looks as wanted. */
async function itemWhen(tab: QuireEngine, accept: (view: ItemView) => boolean, index = 0): Promise<Item> {
  const ids = await whenState(tab.library, (all) => all.length > index, soon())
  await whenState(tab.item(ids[index]!)!, accept, soon())
  return tab.item(ids[index]!)!
}

async function contentOf(item: Item): Promise<Uint8Array> {
  return collectBytes(item.read(0, 0, content.length), content.length)
}

const isPaused = ({ state }: ItemView) => state === 'paused'
const isComplete = ({ state }: ItemView) => state === 'complete'

async function share(tab: QuireEngine): Promise<{ item: Item; link: string }> {
  const item = tab.add([blobSource('film.bin', new Blob([content]))])
  return { item, link: await item.whenLinked(soon()) }
}

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
