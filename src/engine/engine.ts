import type { SetId } from '../core/ids.ts'
import { parseLink } from '../core/link/link.ts'
import type { NetworkStatus } from '../network/types.ts'
import type { ItemRecord } from '../store/types.ts'
import { Discovery } from './discovery.ts'
import { InboundLanes } from './inbound-lanes.ts'
import { DataItem, type ItemHost } from './item.ts'
import type { EngineParts } from './parts.ts'
import { Room, type RoomProbe } from './room.ts'
import { newSetId } from './set-id.ts'
import type { AddRequest, FileSource, Item, Quire, StorageView, Watchable } from './types.ts'
import { Live, platformTimers } from './watch.ts'

/** What `QuireEngine.open` needs; the rest has a sensible value. */
export type EngineOptions = Pick<EngineParts, 'store' | 'catalog' | 'network' | 'origin' | 'role' | 'flush'> &
  Partial<Pick<EngineParts, 'timers' | 'random' | 'log'>> & { readonly room: RoomProbe }

/** The library of one device and everything that happens to it. Used in a worker by the page, directly by programs. */
export class QuireEngine implements Quire, ItemHost {
  readonly #parts: EngineParts
  readonly #room: Room
  readonly #items = new Map<SetId, DataItem>()
  readonly #library: Live<readonly SetId[]>
  readonly #network: Live<NetworkStatus>
  #shownIds: readonly SetId[] = []

  private constructor(options: EngineOptions) {
    const { timers = platformTimers, random = Math.random, log = () => undefined, network } = options
    const discovery = new Discovery({ network, timers, log, role: options.role })
    this.#parts = { ...options, timers, random, log, discovery }
    this.#room = new Room(options.store, options.catalog, options.room, timers)
    this.#library = new Live(() => this.#newestFirst(), timers)
    this.#network = new Live(() => network.status(), timers)
    this.#joinNetwork(discovery)
  }

  /** Opens the library as it was left and takes up its work. Does not wait for the network. */
  static async open(options: EngineOptions): Promise<QuireEngine> {
    const engine = new QuireEngine(options)
    const [records] = await Promise.all([options.catalog.items(), engine.#room.refresh()])
    for (const record of records) engine.#items.set(record.id, new DataItem(engine.#parts, engine, record))
    for (const item of engine.#items.values()) item.restore()
    engine.libraryChanged()
    return engine
  }

  get library(): Watchable<readonly SetId[]> {
    return this.#library
  }

  get network(): Watchable<NetworkStatus> {
    return this.#network
  }

  get storage(): Watchable<StorageView> {
    return this.#room.view
  }

  add(files: readonly FileSource[], { plain = false, id = newSetId() }: AddRequest = {}): Item {
    const item = this.#admit({ ...this.#freshRecord(id), origin: 'added', kind: plain ? 'plain' : 'sealed' })
    void item.add(files, plain)
    return item
  }

  async open(text: string): Promise<Item> {
    const link = parseLink(text)
    for (const url of [...link.relays, ...hostOf(text)]) this.#parts.network.addRelay(url)
    const known = [...this.#items.values()].find(({ record }) => record.manifestCid === link.manifestCid)
    if (known) return known
    const item = this.#admit({
      ...this.#freshRecord(newSetId()),
      origin: 'fetched',
      kind: link.secret ? 'sealed' : 'plain',
      manifestCid: link.manifestCid,
      secret: link.secret,
      relays: link.relays
    })
    const saved = this.#parts.catalog.putItem(item.record)
    item.begin()
    await saved
    void this.#room.keepForGood()
    return item
  }

  items(): readonly DataItem[] {
    return this.#library.peek().flatMap((id) => this.#items.get(id) ?? [])
  }

  item(id: SetId): DataItem | undefined {
    return this.#items.get(id)
  }

  nudge(): void {
    this.#parts.network.nudge()
  }

  async close(): Promise<void> {
    for (const item of this.#items.values()) await item.close()
    this.#parts.discovery.close()
    await this.#parts.network.stop()
    await this.#parts.store.close()
    await this.#parts.catalog.close()
  }

  announce(item: DataItem): void {
    this.#parts.discovery.join(item.swarmId!, {
      seeking: item.part === 'fetch',
      onPeers: (records) => item.part === 'fetch' && item.driver().meet(records)
    })
    void this.#parts.network.start()
  }

  withdraw(item: DataItem): void {
    if (item.swarmId) this.#parts.discovery.leave(item.swarmId)
  }

  libraryChanged(): void {
    this.#library.changed()
  }

  storageChanged(): void {
    void this.#room.refresh()
  }

  removed(item: DataItem): void {
    this.#items.delete(item.id)
    this.libraryChanged()
  }

  reserve(sizeBytes: number): Promise<void> {
    return this.#room.reserve(sizeBytes)
  }

  #joinNetwork(discovery: Discovery): void {
    const { network } = this.#parts
    const inbound = new InboundLanes(this.#parts, (swarmId) =>
      [...this.#items.values()].find((item) => item.swarmId === swarmId && item.part !== 'none')
    )
    network.onStatus = () => this.#network.changed()
    network.onSelfRecord = () => void discovery.announceAgain()
    network.onDirect = (peerId) => {
      for (const item of this.#items.values()) if (item.part === 'fetch') item.driver().goDirect(peerId)
    }
    network.onLane = (lane) => {
      if (lane.protocol === '/quire/tracker/1') discovery.addTracker(lane)
      else inbound.accept(lane)
    }
  }

  #admit(record: ItemRecord): DataItem {
    const item = new DataItem(this.#parts, this, record)
    this.#items.set(record.id, item)
    this.libraryChanged()
    return item
  }

  #freshRecord(id: SetId): Omit<ItemRecord, 'origin' | 'kind'> {
    const nowMs = Date.now()
    return {
      id,
      relays: [],
      title: '',
      fileCount: 0,
      mimeType: '',
      contentBytes: 0,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      pinned: false,
      paused: false,
      complete: false
    }
  }

  /** The same array as before while the order is the same, so that watchers can compare. */
  #newestFirst(): readonly SetId[] {
    const items = [...this.#items.values()].sort((a, b) => b.record.createdAtMs - a.record.createdAtMs)
    const ids = items.map((item) => item.id)
    const same = ids.length === this.#shownIds.length && ids.every((id, i) => id === this.#shownIds[i])
    if (!same) this.#shownIds = ids
    return this.#shownIds
  }
}

/** Whoever made a link met others through the host it names, so its holders are likely to be found there. */
function hostOf(link: string): string[] {
  const match = /^<?(https?:\/\/[^/#?\s]+[^#?\s]*)#/.exec(link.trim())
  return match ? [match[1]!.replace(/\/(index\.html)?$/, '')] : []
}
