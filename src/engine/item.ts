// Long: the states of one item and the ways between them are read together.
import type { Bitmap } from '../core/block/bitmap.ts'
import { Bitmap as BitmapOf } from '../core/block/bitmap.ts'
import { type ErrorReport, reportOf } from '../core/errors.ts'
import type { PeerId, SwarmId } from '../core/ids.ts'
import type { KeepStanding } from '../core/keep/asker-types.ts'
import { formatLink } from '../core/link/link.ts'
import { keepersAsked, keepersMax, ownerKeyBytes } from '../core/limits.ts'
import { decodeManifest, type Manifest } from '../core/manifest/manifest.ts'
import type { PeerRecord } from '../core/exchange/types.ts'
import type { TabCommand } from '../core/tabs/types.ts'
import type { TrackedPeer } from '../core/tracker/types.ts'
import type { ItemRecord, KeepRecord } from '../store/types.ts'
import { Copies } from './copies.ts'
import { addItem } from './item-adding.ts'
import { type DataSetKeys, keysOf } from './keys.ts'
import type { EngineParts } from './parts.ts'
import { PeerBook } from './peer-book.ts'
import { randomBytes } from './crypto.ts'
import { type BlockReader, collectBytes, readBytes } from './reading.ts'
import { SwarmDriver } from './swarm-driver.ts'
import { erase } from './erasing.ts'
import { AddingInterrupted, DriverClosed } from './errors.ts'
import type { FileSource, FileView, ItemAction, ItemState, ItemView } from './types.ts'
import { commonMimeType, contentBytesOf, titleOf } from './describe.ts'
import { Guests } from './guests.ts'
import { type PlacedFile, readIndex } from './index-reading.ts'
import { lately, withMet } from './met-peers.ts'
import type { Noting } from './keep/noting.ts'
import { keepView } from './keep/record.ts'
import { recallHeld } from './recall.ts'
import { LeavesDrawing, noLeaves } from './view.ts'
import { WatchedItem } from './watched-item.ts'

/** What the engine does for its items. */
export interface ItemHost {
  /** The item's swarm can be joined, or its role in it changed. */
  announce(item: DataItem): void
  withdraw(item: DataItem): void
  /** Asks keepers to hold items. */
  readonly asking: { follow(item: DataItem): void }
  libraryChanged(): void
  /** Resolves when the room that is left is known; never rejects. */
  storageChanged(): Promise<void>
  /** It is gone from the library; resolves when it is `erased` from the device, too. */
  removed(item: DataItem, erased: Promise<void>): Promise<void>
}

/** One data set of the library: its record, what is happening to it, and what a person sees of it. */
export class DataItem extends WatchedItem {
  readonly #parts: EngineParts
  readonly #host: ItemHost
  #record: ItemRecord
  #manifest: Manifest | undefined
  #keys: DataSetKeys | undefined
  #driver: SwarmDriver | undefined
  /** Outlasts a pause: blocks keep their colours. */
  #book: PeerBook | undefined
  #files: Promise<readonly PlacedFile[]> | undefined
  #adding: { readonly abort: AbortController; readonly totalBytes: number; doneBytes: number } | undefined
  #error: ErrorReport | undefined
  #dropped: { peerId: PeerId; report: ErrorReport } | undefined
  #held: Bitmap | undefined
  #keepTold: KeepStanding | undefined
  #keepShown: KeepStanding | undefined
  /** Until what an earlier visit stored is known: nothing begins before, or it would be fetched once more. */
  #restoring: Promise<void> | undefined
  /** The link that the record stands for. */
  #linked: { readonly record: ItemRecord; readonly link: string | undefined } | undefined
  /** Removed, or closed: nothing more is done or written. */
  #hasEnded = false
  readonly #guests = new Guests()
  readonly #readers = new Set<BlockReader>()
  readonly #copies: Copies
  readonly #leaves = new LeavesDrawing()

  constructor(parts: EngineParts, host: ItemHost, record: ItemRecord) {
    super(record.id, parts.timers)
    this.#parts = parts
    this.#host = host
    this.#record = record
    this.#copies = new Copies(parts.timers, () => this.live.changed())
    if (record.manifest) this.#manifest = decodeManifest(record.manifest)
    if (record.manifestCid) this.#keys = keysOf(record.manifestCid, record.secret)
  }

  get record(): ItemRecord {
    return this.#record
  }

  get swarmId(): SwarmId | undefined {
    return this.#keys?.swarmId
  }

  /** Whether it takes part in its swarm now, and as what. */
  get part(): 'none' | 'fetch' | 'serve' {
    if (!this.#keys || this.#restoring || this.#record.paused || this.#error || this.#hasEnded) return 'none'
    return this.#record.complete ? 'serve' : 'fetch'
  }

  /** Something is done about it, or somebody looks at it. */
  get isBusy(): boolean {
    const isSettled = this.part === 'serve' || (this.#record.paused && !this.#restoring)
    return !isSettled || this.live.isWatched || this.#readers.size > 0 || (this.#driver?.peers().length ?? 0) > 0
  }

  /** What is here of it is known, so that peers can be spoken to. */
  async whenRestored(): Promise<void> {
    await this.#restoring
  }

  get keepRecord(): KeepRecord | undefined {
    return this.#record.keep
  }

  /** What a keeper needs of it, once it is whole and served. */
  get keepable() {
    const { swarmId, swarmKey } = this.#keys ?? {}
    const { manifestCid } = this.#record
    if (this.part !== 'serve' || !this.#manifest || !swarmId || !manifestCid) return undefined
    const { blockCount, blockBytes } = this.#manifest
    return { manifestCid, swarmId, swarmKey, sizeBytes: blockCount * blockBytes }
  }

  /** What a keeper holds is remembered before it is shown: who closes the tab at that moment finds it so again. */
  async onKeepStanding(standing: KeepStanding | undefined, note: Noting): Promise<void> {
    this.#keepTold = standing
    await this.noteKeep(note)
    this.#keepShown = this.#keepTold
    this.#changed()
  }

  /** A link takes two hashes, and there are ten views a second. */
  get #link(): string | undefined {
    const record = this.#record
    if (this.#linked?.record !== record) this.#linked = { record, link: this.#linkOf(record) }
    return this.#linked.link
  }

  #linkOf({ manifestCid, secret, relays }: ItemRecord): string | undefined {
    const { origin, linkRelays = [] } = this.#parts
    return manifestCid && formatLink(origin, { manifestCid, secret, relays: [...relays, ...linkRelays] })
  }

  async noteKeep(note: Noting): Promise<void> {
    const { keep } = this.#record
    const noted = keep && note(keep)
    if (noted === keep) return
    this.#record = { ...this.#record, keep: noted }
    await this.#save().catch(() => undefined) // its keeper tells it again at the next visit
  }

  /** Takes up what an earlier visit left: shows what is held, fetches the rest. One that is fresh is remembered first. */
  restore(isFresh = false): void {
    if (!this.#record.manifestCid) return this.#fail(new AddingInterrupted())
    const saved = isFresh ? this.#save() : undefined
    saved?.catch(() => undefined) // it is waited for below
    this.#restoring = this.#recall(saved)
  }

  async add(sources: readonly FileSource[], plain: boolean): Promise<void> {
    const abort = new AbortController()
    try {
      const plan = addItem(sources, plain)
      this.#adding = { abort, totalBytes: plan.content.sizeBytes, doneBytes: 0 }
      this.#describe(plan.files)
      await this.#save()
      await this.#parts.room.reserve(this.id, () => this.#comingBytes)
      const added = await plan.run(this.#parts.store, this.id, abort.signal, (doneBytes) => {
        this.#adding!.doneBytes = doneBytes
        this.live.changed()
      })
      if (this.#hasEnded) return
      this.#manifest = decodeManifest(added.manifest)
      this.#keys = keysOf(added.manifestCid, added.secret)
      this.#held = BitmapOf.full(this.#manifest.blockCount)
      const { manifestCid, manifest, secret } = added
      this.#record = { ...this.#record, manifestCid, manifest, secret, complete: true }
      await this.#save()
      this.#takePart()
    } catch (error) {
      if (!this.#hasEnded) await this.#failAdding(error)
    } finally {
      this.#adding = undefined
      this.#changed()
      void this.#host.storageChanged()
    }
  }

  /** The machine that speaks for this data set, made when it is first needed. */
  driver(): SwarmDriver {
    this.#book ??= new PeerBook(this.#parts.timers)
    this.#driver ??= new SwarmDriver(this.#parts, {
      set: this.id,
      book: this.#book,
      manifestCid: this.#record.manifestCid!,
      keys: this.#keys!,
      manifest: this.#record.manifest,
      held: this.#held,
      onManifest: (bytes, manifest) => this.#onManifest(bytes, manifest),
      onHeld: (held) => (this.#held = held),
      onComplete: () => void this.#onComplete().catch((error) => this.#fail(error)),
      onFailure: (error) => this.#fail(error),
      onGiver: (giver) => this.#remember(giver),
      onDropped: (peerId, error) => (this.#dropped = { peerId, report: reportOf(error) }),
      onChange: () => this.live.changed()
    })
    return this.#driver
  }

  async pause(): Promise<void> {
    this.#record = { ...this.#record, paused: true }
    this.#leave()
    this.#lookAgain()
    await this.#save()
  }

  resume(): Promise<void> {
    return this.#takeUp(false)
  }

  retry(): Promise<void> {
    return this.#takeUp(this.#record.paused)
  }

  async keep(wanted: boolean, copies = this.#record.keep?.copies ?? keepersAsked): Promise<void> {
    const { ownerKey = randomBytes(ownerKeyBytes), promises = [] } = this.#record.keep ?? {}
    const bounded = Math.max(1, Math.min(keepersMax, Math.floor(copies) || 1))
    this.#record = { ...this.#record, keep: { wanted, copies: bounded, ownerKey, promises } }
    this.#host.asking.follow(this)
    await this.#save()
  }

  async remove(): Promise<void> {
    this.#hasEnded = true
    this.end()
    this.#adding?.abort.abort()
    this.#copies.close()
    this.#leave()
    await this.#host.removed(this, this.#erase())
  }

  /** A tracker told of peers of its swarm. */
  heard(peers: readonly TrackedPeer[]): void {
    if (this.part === 'fetch') this.driver().meet(peers)
    else this.#copies.heard(peers)
  }

  /** Lanes to it leave the relay, also where everything is here already: nothing is carried that need not be. */
  goDirect(peerId: PeerId): void {
    if (this.part !== 'none') this.#driver?.goDirect(peerId)
  }

  /** Fetches blocks that a reader in another tab waits for; resolves when they are durable. [TB9] */
  async fetchFor(wish: Extract<TabCommand, { name: 'fetch' }>): Promise<void> {
    await this.#whenManifest()
    const { start, count } = wish
    const newReader = () => this.#reader(this.#manifest!)
    // What is here is not read for nobody: only what comes next is wished for.
    if (this.#held?.hasRange(wish)) return this.#guests.fetch(newReader, { ...wish, start: start + count, count: 0 })
    await this.#guests.fetch(newReader, wish)
    await this.#parts.flush(this.id)
  }

  /** That reader wishes for nothing any more. */
  rest(reader: string): void {
    this.#guests.rest(reader)
  }

  /** Stops for good without removing anything. */
  async close(): Promise<void> {
    this.#hasEnded = true
    this.#adding?.abort.abort()
    this.#copies.close()
    this.#rest()
    await this.#parts.flush(this.id)
  }

  async #takeUp(paused: boolean): Promise<void> {
    const isActive = this.part !== 'none'
    if (this.#keys) this.#error = undefined // what was not read to its end cannot go on
    this.#record = { ...this.#record, paused }
    if (!isActive) this.#lookAgain()
    await this.#restoring
    await this.#save()
  }

  /** What was gathered when the work ended became durable with nobody to hear of it. */
  #lookAgain(): void {
    if (this.#keys) this.#restoring ??= this.#recall()
  }

  async #recall(saved?: Promise<void>): Promise<void> {
    try {
      await this.#parts.flush(this.id)
      this.#held = await recallHeld(this.#parts.store, this.id, this.#manifest)
      this.#rest() // what a reader began meanwhile knows less
      this.#restoring = undefined
      // The visit before may have ended between its last block and the record.
      if (this.#held?.isFull && this.#manifest && !this.#record.complete) await this.#onComplete()
      this.#takePart()
      if (this.#held?.count && !this.#record.title) void this.#learnFiles()
      await saved
    } catch (error) {
      this.#restoring = undefined
      this.#fail(error)
    }
  }

  async #erase(): Promise<void> {
    await erase(this.#parts, this.id)
    await this.#host.storageChanged()
  }

  #takePart(): void {
    if (this.part !== 'none') this.#host.announce(this)
    if (this.part === 'fetch') {
      this.driver().meet(lately(this.#record.metPeers))
      if (this.#manifest) void this.#admit(this.#manifest)
    }
    this.#changed()
  }

  /** What it has still to store. */
  get #comingBytes(): number {
    if (this.#adding) return this.#adding.totalBytes - this.#adding.doneBytes
    if (this.part !== 'fetch' || !this.#manifest) return 0
    return (this.#manifest.blockCount - (this.#held?.count ?? 0)) * this.#manifest.blockBytes
  }

  #leave(): void {
    this.#host.withdraw(this)
    this.#rest()
    void this.#parts.flush(this.id)
    this.#changed()
  }

  #rest(): void {
    this.#parts.room.release(this.id)
    this.#driver?.close()
    this.#driver = undefined
    this.#book?.rest()
  }

  /** Whoever reads waits while it is paused, and goes on with the driver that comes after. */
  async #lasting<T>(work: (driver: SwarmDriver) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#restoring
      if (this.#hasEnded) throw new DriverClosed()
      const driver = this.driver()
      try {
        return await work(driver)
      } catch (error) {
        if (this.#driver === driver || this.#error) throw error
      }
    }
  }

  #onManifest(bytes: Uint8Array, manifest: Manifest): void {
    this.#manifest = manifest
    this.#record = { ...this.#record, manifest: bytes }
    void this.#admit(manifest)
  }

  /** What is remembered of it has a place in the store, and room is made sure of before any block is asked for. */
  async #admit({ blockCount, blockBytes }: Manifest): Promise<void> {
    const { store, room } = this.#parts
    try {
      await store.create(this.id, { blockCount, blockBytes })
      await this.#save()
      await room.reserve(this.id, () => this.#comingBytes)
      this.#driver?.admit()
      if (!this.#record.title) void this.#learnFiles()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #onComplete(): Promise<void> {
    this.#record = { ...this.#record, complete: true }
    await this.#save()
    if (this.part !== 'none') this.#host.announce(this) // it may have been paused, or removed, meanwhile
    void this.#host.storageChanged()
  }

  #remember(giver: PeerRecord): void {
    const metPeers = withMet(this.#record.metPeers, { ...giver, metAtMs: Date.now() })
    this.#record = { ...this.#record, metPeers }
    void this.#save().catch(() => undefined) // no more than a help
  }

  async #learnFiles(): Promise<void> {
    try {
      this.#describe(await this.placedFiles())
      await this.#save()
    } catch (error) {
      if (this.part !== 'none') this.#fail(error)
    }
  }

  #describe(files: readonly Omit<FileView, 'modifiedAtMs'>[]): void {
    this.#record = {
      ...this.#record,
      title: titleOf(files),
      fileCount: files.length,
      mimeType: commonMimeType(files),
      contentBytes: contentBytesOf(files)
    }
    this.#changed()
  }

  protected placedFiles(): Promise<readonly PlacedFile[]> {
    if (!this.#files) {
      this.#files = this.#readFiles()
      this.#files.catch(() => (this.#files = undefined)) // the next one who asks tries again
    }
    return this.#files
  }

  #readFiles(): Promise<readonly PlacedFile[]> {
    return readIndex(this.#record.kind, this.#whenManifest(), (start, end) =>
      collectBytes(this.readDataSet(start, end), end - start)
    )
  }

  /** Not a moment later than it is known: what a reader wishes for comes before anything else is asked for. */
  #whenManifest(): Promise<Manifest> {
    const known = () => this.#lasting((driver) => driver.whenManifest())
    return this.#keys ? known() : this.whenLinked().then(known)
  }

  protected readDataSet(start: number, end: number): ReadableStream<Uint8Array> {
    const reader = this.#reader(this.#manifest!)
    this.#readers.add(reader)
    const close = () => {
      this.#readers.delete(reader)
      reader.close()
    }
    return readBytes({ ...reader, close }, start, end, this.#keys?.cipher)
  }

  #reader({ blockBytes }: Manifest): BlockReader {
    let current: { readonly driver: SwarmDriver; readonly reader: BlockReader } | undefined
    return {
      blockBytes,
      blocks: (start, count, ahead) =>
        this.#lasting((driver) => {
          if (current?.driver !== driver) current = { driver, reader: driver.reader() }
          return current.reader.blocks(start, count, ahead)
        }),
      close: () => current?.reader.close()
    }
  }

  async #failAdding(error: unknown): Promise<void> {
    this.#fail(error)
    await this.#parts.store.remove(this.id).catch(() => undefined) // the first error is the one to show
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return
    this.#error = reportOf(error)
    this.#parts.log('item-failed', { code: this.#error.code, message: this.#error.message })
    this.#leave()
  }

  async #save(): Promise<void> {
    if (!this.#hasEnded) await this.#parts.catalog.putItem(this.#record)
    this.#changed()
  }

  #changed(): void {
    this.live.changed()
    this.#host.libraryChanged()
  }

  #state(): ItemState {
    if (this.#error) return 'error'
    if (this.#adding || !this.#keys) return 'adding'
    if (this.#record.paused) return 'paused'
    if (this.#record.complete) return this.#record.origin === 'added' ? 'sharing' : 'complete'
    return this.#driver?.isReceiving ? 'fetching' : 'waiting'
  }

  #actions(state: ItemState): ItemAction[] {
    const actions: ItemAction[] = ['remove']
    if (this.#record.complete) actions.push('save', 'open')
    if (state === 'paused') actions.push('resume')
    else if (state !== 'adding' && state !== 'error') actions.push('pause')
    if (state === 'error' && this.#error!.retryable && this.#keys) actions.push('retry')
    return actions
  }

  protected view(): ItemView {
    const record = this.#record
    const state = this.#state()
    const blockBytes = this.#manifest?.blockBytes ?? 0
    const doneBlocks = this.#held?.count ?? 0
    const totalBytes = this.#manifest?.datasetBytes ?? this.#adding?.totalBytes ?? 0
    const doneBytes = this.#adding?.doneBytes ?? Math.min(totalBytes, doneBlocks * blockBytes)
    const rate = state === 'fetching' ? this.#driver!.receivedBytesPerSecond : 0
    return {
      id: this.id,
      origin: record.origin,
      kind: record.kind,
      state,
      title: record.title,
      fileCount: record.fileCount,
      mimeType: record.mimeType,
      contentBytes: record.contentBytes,
      totalBytes,
      doneBytes,
      blockCount: this.#manifest?.blockCount ?? 0,
      doneBlocks,
      link: this.#link,
      rateBytesPerSecond: rate,
      remainingMs: rate > 0 ? ((totalBytes - doneBytes) / rate) * 1000 : undefined,
      peers: this.#driver?.peers() ?? [],
      otherCopies: this.#copies.count(this.#driver?.holders() ?? []),
      leaves: this.#held ? this.#leaves.draw(this.#held, (index) => this.#book?.pigmentOfBlock(index) ?? 0) : noLeaves,
      error: this.#error,
      dropped: this.#dropped,
      keep: record.keep && keepView(record.keep, this.#keepShown, Date.now(), doneBlocks * blockBytes),
      can: this.#actions(state),
      createdAtMs: record.createdAtMs
    }
  }
}
