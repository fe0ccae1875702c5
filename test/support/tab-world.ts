import { QuireEngine } from '../../src/engine/engine.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item, ItemView } from '../../src/engine/types.ts'
import { platformTimers, type Timers, whenState } from '../../src/engine/watch.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { FakeOrigin } from './fake-tabs.ts'
import { seededBytes } from './seeded.ts'

const room = {
  durable: true,
  freeBytes: async () => 1e12,
  persisted: async () => false
}
/** Seconds pass in a tenth of the time. */
export const hasty: Timers = {
  nowMs: () => performance.now() * 10,
  after: (delayMs, run) => platformTimers.after(delayMs / 10, run)
}
export const soon = () => ({ signal: AbortSignal.timeout(5_000) })
export const content = seededBytes(3, 3_000_000)

/** A browser with a store and a catalog that its tabs share. */
export class Browser {
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
/** For after each test. */
export const closeTabs = async () => {
  for (const engine of open.splice(0)) await engine.close()
}

export function world(): { alice: Browser; bob: Browser } {
  const tracker = new TrackerService(() => true)
  const hub = new MemoryHub((lane) => tracker.accept(lane))
  return { alice: new Browser(hub, 'alice'), bob: new Browser(hub, 'bob') }
}

/** The item of that place in the library, whichever tab leads it by now, once it looks as wanted. */
export async function itemWhen(tab: QuireEngine, accept: (view: ItemView) => boolean, index = 0): Promise<Item> {
  const ids = await whenState(tab.library, (all) => all.length > index, soon())
  await whenState(tab.item(ids[index]!)!, accept, soon())
  return tab.item(ids[index]!)!
}

export async function contentOf(item: Item): Promise<Uint8Array> {
  return collectBytes(item.read(0, 0, content.length), content.length)
}

export async function share(tab: QuireEngine): Promise<{ item: Item; link: string }> {
  const item = tab.add([blobSource('film.bin', new Blob([content]))])
  return { item, link: await item.whenLinked(soon()) }
}

/** A file that is not read before the `end` of the wait for it. */
export function held() {
  const source = blobSource('film.bin', new Blob([content]))
  const wait = Promise.withResolvers<void>()
  const read = (start: number, end: number) => wait.promise.then(() => source.read(start, end))
  return { add: (tab: QuireEngine) => tab.add([{ ...source, read }]), end: wait }
}
