// Long: everything that happens to a library goes through here.
import { reportOf } from '../core/errors.ts'
import type { PeerId, SetId, SwarmId } from '../core/ids.ts'
import { parseLink } from '../core/link/link.ts'
import type { TabCommand } from '../core/tabs/types.ts'
import type { NamedKeeper, NetworkStatus } from '../network/types.ts'
import type { ItemRecord } from '../store/types.ts'
import { Discovery } from './discovery.ts'
import { eraseRest } from './erasing.ts'
import { ItemGone } from './errors.ts'
import { FollowedItem } from './followed-item.ts'
import { InboundLanes } from './inbound-lanes.ts'
import { DataItem, type ItemHost } from './item.ts'
import { setIdOf } from './keys.ts'
import { LazyAsking } from './keep/lazy.ts'
import { hostOf } from './link-host.ts'
import { MetRelays } from './met-relays.ts'
import type { EngineOptions } from './options.ts'
import type { DormantPart, EngineParts, KeeperPart } from './parts.ts'
import { freshRecord, linkedRecord } from './describe.ts'
import { Room } from './room.ts'
import { newSetId } from './set-id.ts'
import type { SwarmDriver } from './swarm-driver.ts'
import { Shelf } from './shelf.ts'
import { TabsDriver, type TabsListener } from './tabs.ts'
import type { AddRequest, FileSource, InvitationView, Item, ItemView, Quire, StorageView, Watchable } from './types.ts'
import { Live, platformTimers } from './watch.ts'

/** The library of one device and everything that happens to it. Used in a worker by the page, directly by programs. */
export class QuireEngine implements Quire, ItemHost, TabsListener {
  readonly #parts: EngineParts
  readonly #room: Room
  readonly #relays: MetRelays
  readonly #items = new Shelf()
  /** Undefined: alone, and the leader of everything. */
  readonly #tabs: TabsDriver | undefined
  /** What has to end before an item of that id can be made: its removal, or its way from one tab to another. */
  readonly #underWay = new Map<SetId, Promise<unknown>>()
  /** What other tabs show of items that are not in this one's library yet. */
  readonly #heardOf = new Map<SetId, ItemView>()
  readonly #library: Live<readonly SetId[]>
  readonly #network: Live<NetworkStatus>
  #foundKeepers: readonly NamedKeeper[] = []
  readonly asking: LazyAsking
  readonly #keeper: KeeperPart | undefined
  readonly #dormant: DormantPart | undefined

  private constructor(options: EngineOptions) {
    const { timers = platformTimers, random = Math.random, log = () => undefined, network } = options
    const discovery = new Discovery({ network, timers, log, role: options.role })
    this.#room = new Room(options.store, options.catalog, options.room, timers)
    this.#parts = { ...options, timers, random, log, discovery, room: this.#room }
    this.#relays = new MetRelays(options.catalog, network)
    this.#library = new Live(() => this.#items.newestFirst(), timers)
    this.#network = new Live(() => this.#status(), timers)
    this.asking = new LazyAsking(this.#parts, this.#network, (found) => this.#onFound(found))
    this.#keeper = options.keeper?.(this.#parts)
    this.#dormant = options.dormant?.(this.#parts)
    this.#joinNetwork(discovery)
    this.#tabs = options.tabs && new TabsDriver(options.tabs, timers, this)
  }

  /** Opens the library as it was left and takes up its work. Does not wait for the network. */
  static async open(options: EngineOptions): Promise<QuireEngine> {
    const engine = new QuireEngine(options)
    const remembered = engine.#dormant?.restless() ?? options.catalog.items()
    const looks = [options.catalog.leaving(), remembered, engine.#room.refresh(), engine.#relays.recall()] as const
    const [leaving, records] = await Promise.all(looks)
    for (const id of leaving) void engine.#during(id, engine.#eraseRest(id))
    for (const record of records) if (!record.kept && !engine.#items.has(record.id)) engine.#take(record, false)
    await engine.#keeper?.restore(records)
    engine.#dormant?.begin({ led: () => engine.#items.led(), putToRest: (item) => engine.#putToRest(item) })
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

  add(files: readonly FileSource[], { plain = false, keep = 0, id = newSetId() }: AddRequest = {}): Item {
    const record: ItemRecord = { ...freshRecord(id), origin: 'added', kind: plain ? 'plain' : 'sealed' }
    const item = this.#lead(record)
    this.#tabs?.turn({ type: 'have', id })
    if (keep > 0) void item.keep(true, keep)
    void item.add(files, plain)
    return item
  }

  async open(text: string): Promise<Item> {
    const link = parseLink(text)
    for (const url of [...link.relays, ...hostOf(text)]) this.#relays.use(url)
    const id = setIdOf(link.manifestCid)
    await this.#underWay.get(id)
    const stored = this.#isShared && (await this.#parts.catalog.itemByManifest(link.manifestCid))
    const known = stored ? await this.find(stored.id) : this.#items.ofManifest(link.manifestCid)
    if (known) return known
    const item = this.#take(linkedRecord(id, link), true)
    this.libraryChanged()
    return item
  }

  async readInvitation(link: string): Promise<InvitationView> {
    return (await this.asking.load()).read(link)
  }

  async acceptInvitation(link: string): Promise<InvitationView> {
    return (await this.asking.load()).accept(link)
  }

  async forgetInvitation(keeper: PeerId): Promise<void> {
    return (await this.asking.load()).forget(keeper)
  }

  items(): readonly Item[] {
    return this.#library.peek().flatMap((id) => this.#items.get(id) ?? [])
  }

  item(id: SetId): Item | undefined {
    return this.#items.get(id)
  }

  /** An item of the library, which is taken up where it is in the catalog alone. */
  async find(id: SetId): Promise<Item | undefined> {
    await this.#underWay.get(id)
    this.#dormant?.touch(id)
    const record = this.#isShared && !this.#items.has(id) ? await this.#parts.catalog.item(id) : undefined
    const item = this.#items.get(id) ?? (record && !record.kept ? this.#take(record, false) : undefined)
    if (item instanceof DataItem) await item.whenRestored()
    return item
  }

  /** The catalog may know more than this library does, of what is at rest or another tab's. */
  get #isShared(): boolean {
    return Boolean(this.#dormant ?? this.#tabs)
  }

  nudge(): void {
    this.#parts.network.nudge()
  }

  async close(): Promise<void> {
    this.asking.close()
    this.#dormant?.close()
    await this.#keeper?.close()
    for (const item of this.#items.led()) await item.close()
    this.#tabs?.close()
    this.#parts.discovery.close()
    await this.#parts.network.stop()
    await this.#parts.store.close()
    await this.#parts.catalog.close()
  }

  announce(item: DataItem): void {
    this.#parts.discovery.join(item.swarmId!, {
      seeking: item.part === 'fetch',
      onPeers: (peers) => item.heard(peers)
    })
    this.asking.follow(item)
    void this.#parts.network.start()
  }

  withdraw(item: DataItem): void {
    if (item.swarmId) this.#parts.discovery.leave(item.swarmId)
    this.asking.follow(item)
  }

  libraryChanged(): void {
    this.#library.changed()
  }

  storageChanged(): Promise<void> {
    return this.#room.refresh().catch(() => undefined) // a store that was closed meanwhile has nothing more to tell
  }

  async removed({ id }: DataItem, erased: Promise<void>): Promise<void> {
    this.#items.delete(id)
    this.libraryChanged()
    // Where it fails, another tab may try.
    const tell = (type: 'removed' | 'drop') => this.#tabs?.turn({ type, id })
    erased.then(
      () => tell('removed'),
      () => tell('drop')
    )
    await this.#during(id, erased)
  }

  lead(id: SetId): void {
    const item = this.#items.get(id)
    if (item instanceof FollowedItem) void this.#during(id, this.#takeOver(item))
    else if (item) this.#tabs!.turn({ type: 'view', id, view: item.peek() })
  }

  follow(id: SetId): void {
    const before = this.#items.get(id)
    if (!(before instanceof DataItem)) return
    this.withdraw(before)
    void before.close()
    this.#follow(before.record, false)
    this.libraryChanged()
  }

  show(id: SetId, view: ItemView): void {
    const item = this.#items.get(id)
    if (!item) return this.#hearOf(id, view)
    if (!(item instanceof FollowedItem)) return
    this.#heardOf.delete(id)
    if (item.peek().state !== view.state) void this.storageChanged()
    item.show(view)
  }

  gone(id: SetId): void {
    this.#items.get(id)?.end()
    this.#items.delete(id)
    this.libraryChanged()
    void this.storageChanged()
  }

  greet(): void {
    for (const item of this.#items.led()) this.#tabs!.turn({ type: 'view', id: item.id, view: item.peek() })
  }

  async perform(id: SetId, command: TabCommand): Promise<void> {
    await this.#underWay.get(id)
    const item = this.#items.get(id)
    if (!(item instanceof DataItem)) throw new ItemGone()
    if (command.name === 'fetch') await item.fetchFor(command)
    else if (command.name === 'keep') await item.keep(command.wanted, command.copies)
    else if (command.name === 'rest') item.rest(command.reader)
    else await item[command.name]()
  }

  /** What an earlier visit, or a tab that has ended, had begun to remove gives its space back. [ST27] */
  async #eraseRest(id: SetId): Promise<void> {
    const work = () => eraseRest(this.#parts, id)
    try {
      await (this.#tabs?.ifUnled(id, work) ?? work())
      void this.storageChanged()
    } catch (error) {
      this.#parts.log('not-erased', { code: reportOf(error).code }) // the next visit tries again
    }
  }

  /** What the tab before wrote counts; what it removed is gone. [TB5] */
  async #takeOver(before: FollowedItem): Promise<void> {
    const { id, record, isFresh } = before
    const catalog = this.#parts.catalog
    const [stored] = await Promise.all([catalog.item(id), this.#relays.recall()]).catch(() => [record])
    if (this.#items.get(id) !== before) return
    if (stored ?? isFresh) {
      const item = this.#begin(stored ?? record, !stored)
      item.subscribe((view) => before.show(view)) // for whoever watches it since then
      return
    }
    await this.#eraseRest(id)
    this.#tabs!.turn({ type: 'drop', id })
    this.gone(id)
  }

  /** Another tab added or opened something. */
  #hearOf(id: SetId, view: ItemView): void {
    const isNew = !this.#heardOf.has(id)
    this.#heardOf.set(id, view)
    if (isNew) void this.#during(id, this.#meet(id))
  }

  /** What is shown is what was told last, also while the catalog was asked. */
  async #meet(id: SetId): Promise<void> {
    await this.#underWay.get(id)
    let record: ItemRecord | undefined
    for (let heard: ItemView | undefined; !record && heard !== this.#heardOf.get(id);) {
      heard = this.#heardOf.get(id)
      record = await this.#parts.catalog.item(id).catch(() => undefined) // the next view comes soon
    }
    const view = this.#heardOf.get(id)
    this.#heardOf.delete(id)
    if (!record || !view) return
    if (!this.#items.has(id)) {
      this.#take(record, false)
      this.libraryChanged()
    }
    this.show(id, view)
  }

  #joinNetwork(discovery: Discovery): void {
    const { network } = this.#parts
    const find = (swarmId: SwarmId) => this.#items.inSwarm(swarmId)
    const wake = (this.#dormant ?? this.#keeper) && ((swarmId: SwarmId) => this.#wake(swarmId))
    const inbound = new InboundLanes(this.#parts, { find, wake }, this.#keeper)
    network.onStatus = () => {
      this.#network.changed()
      void this.#relays.look()
    }
    network.onSelfRecord = () => void discovery.announceAgain()
    network.onDirect = (peerId) => {
      for (const item of this.#items.led()) item.goDirect(peerId)
    }
    network.onLane = (lane) => {
      if (lane.protocol === '/quire/tracker/1') discovery.addTracker(lane)
      else inbound.accept(lane)
    }
  }

  /** With keepers that no relay names. */
  #status(): NetworkStatus {
    const status = this.#parts.network.status()
    const found = this.#foundKeepers
    return found.length > 0 ? { ...status, keepers: [...(status.keepers ?? []), ...found] } : status
  }

  #onFound(found: readonly NamedKeeper[]): void {
    this.#foundKeepers = found
    this.#network.changed()
  }

  /** Somebody greets for a swarm of which nothing is in memory. */
  async #wake(swarmId: SwarmId): Promise<{ driver(): SwarmDriver } | undefined> {
    const record = await this.#dormant?.bySwarm(swarmId)
    if (record) await this.find(record.id)
    return this.#items.inSwarm(swarmId) ?? this.#keeper?.wake(swarmId)
  }

  #putToRest(item: DataItem): void {
    if (item.swarmId) this.#parts.discovery.rest(item.swarmId)
    this.#items.delete(item.id)
    void this.#during(item.id, item.close())
    this.libraryChanged()
  }

  /** An item that is remembered, or fresh from a link, comes into the library of this tab. */
  #take(record: ItemRecord, isFresh: boolean): Item {
    if (!this.#tabs) return this.#begin(record, isFresh)
    const item = this.#follow(record, isFresh)
    this.#tabs.turn({ type: 'have', id: record.id })
    return item
  }

  #follow(record: ItemRecord, isFresh: boolean): FollowedItem {
    const view = new DataItem(this.#parts, this, record).peek()
    const ask = (command: TabCommand) => this.#tabs!.ask(record.id, command)
    const item = new FollowedItem(this.#parts, { record, isFresh, view, ask })
    this.#items.set(item.id, item)
    if (!record.paused) void this.#parts.network.start() // so that it can take over at once
    return item
  }

  #lead(record: ItemRecord): DataItem {
    const item = new DataItem(this.#parts, this, record)
    this.#items.set(item.id, item)
    if (this.#tabs) item.subscribe((view) => this.#tabs!.turn({ type: 'view', id: item.id, view }))
    this.libraryChanged()
    return item
  }

  #begin(record: ItemRecord, isFresh: boolean): DataItem {
    const item = this.#lead(record)
    if (!record.complete) for (const url of record.relays) this.#parts.network.addRelay(url)
    item.restore(isFresh)
    return item
  }

  async #during<T>(id: SetId, work: Promise<T>): Promise<T> {
    this.#underWay.set(id, work)
    try {
      return await work
    } finally {
      if (this.#underWay.get(id) === work) this.#underWay.delete(id)
    }
  }
}
