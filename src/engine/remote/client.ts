import { type ErrorReport, ReportedError, reportOf } from '../../core/errors.ts'
import type { PeerId, SetId } from '../../core/ids.ts'
import type { NetworkStatus } from '../../network/types.ts'
import { ItemGone, NotABlob } from '../errors.ts'
import type {
  AddRequest,
  FileSource,
  FileView,
  InvitationView,
  Item,
  ItemView,
  Quire,
  StorageView,
  Watchable
} from '../types.ts'
import { newSetId } from '../set-id.ts'
import { isLinked, isReady } from '../states.ts'
import { whenState } from '../watch.ts'
import { emptyView } from '../view.ts'
import type { BlobEntry, CallMessage, CallName, Calls, FromWorker } from './protocol.ts'

/** Holds the last state that was sent and tells listeners of each new one. */
class Mirror<S> implements Watchable<S> {
  #state: S
  readonly #listeners = new Set<(state: S) => void>()

  constructor(state: S) {
    this.#state = state
  }

  peek(): S {
    return this.#state
  }

  subscribe(listener: (state: S) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(state: S): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state)
  }
}

/** The page's side: the facade, with every question answered by the engine's worker. */
export class RemoteQuire implements Quire {
  readonly library = new Mirror<readonly SetId[]>([])
  readonly network: Mirror<NetworkStatus>
  readonly storage: Mirror<StorageView>
  readonly #post: (message: CallMessage) => void
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  readonly #items = new Map<SetId, RemoteItem>()
  readonly #ready = Promise.withResolvers<void>()
  #lastCall = 0
  #lastStream = 0

  constructor(post: (message: CallMessage) => void, network: NetworkStatus, storage: StorageView) {
    this.#post = post
    this.network = new Mirror(network)
    this.storage = new Mirror(storage)
  }

  /** Resolves when the library is known; rejects when the engine cannot start. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  receive(message: FromWorker): void {
    switch (message.type) {
      case 'result':
        this.#settle(message.id)?.resolve(message.value)
        break
      case 'failure':
        this.#settle(message.id)?.reject(new ReportedError(message.report))
        break
      case 'item':
        this.#ensure(message.view.id).mirror.set(message.view)
        break
      case 'library':
        this.#dropItemsMissingFrom(message.ids)
        this.library.set(message.ids)
        break
      case 'network':
        this.network.set(message.status)
        break
      case 'storage':
        this.storage.set(message.view)
        break
      case 'ready':
        this.#ready.resolve()
        break
      case 'broken':
        this.fail(message.report)
    }
  }

  /** The worker is gone or never came: whoever waits is told. */
  fail(report: ErrorReport): void {
    this.#ready.reject(new ReportedError(report))
    for (const { reject } of this.#waiting.values()) reject(new ReportedError(report))
    this.#waiting.clear()
  }

  call<Name extends CallName>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>> {
    const id = ++this.#lastCall
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#post({ type: 'call', id, name, args })
    })
  }

  add(files: readonly FileSource[], { plain = false, keep = 0, id = newSetId() }: AddRequest = {}): Item {
    const item = this.#ensure(id)
    const entries = files.map(blobEntry)
    this.call('add', id, entries, { plain, keep }).catch((error: Error) => {
      item.mirror.set({ ...item.peek(), state: 'error', error: reportOf(error), can: ['remove'] })
    })
    return item
  }

  async open(link: string): Promise<Item> {
    return this.#ensure(await this.call('open', link))
  }

  readInvitation(link: string): Promise<InvitationView> {
    return this.call('readInvitation', link)
  }

  acceptInvitation(link: string): Promise<InvitationView> {
    return this.call('acceptInvitation', link)
  }

  forgetInvitation(keeper: PeerId): Promise<void> {
    return this.call('forgetInvitation', keeper)
  }

  items(): readonly Item[] {
    return this.library.peek().map((id) => this.#ensure(id))
  }

  item(id: SetId): Item | undefined {
    return this.#items.get(id)
  }

  nudge(): void {
    void this.call('nudge')
  }

  async close(): Promise<void> {
    await this.call('close')
  }

  nextStream(): number {
    return ++this.#lastStream
  }

  #ensure(id: SetId): RemoteItem {
    let item = this.#items.get(id)
    if (!item) this.#items.set(id, (item = new RemoteItem(this, id)))
    return item
  }

  #settle(id: number) {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }

  #dropItemsMissingFrom(ids: readonly SetId[]): void {
    const known = new Set(ids)
    for (const id of this.library.peek()) {
      if (known.has(id)) continue
      this.#items.get(id)?.gone.abort(new ItemGone())
      this.#items.delete(id)
    }
  }
}

class RemoteItem implements Item {
  readonly id: SetId
  readonly mirror: Mirror<ItemView>
  readonly gone = new AbortController()
  readonly #quire: RemoteQuire

  constructor(quire: RemoteQuire, id: SetId) {
    this.#quire = quire
    this.id = id
    this.mirror = new Mirror(emptyView(id))
  }

  peek(): ItemView {
    return this.mirror.peek()
  }

  subscribe(listener: (view: ItemView) => void): () => void {
    return this.mirror.subscribe(listener)
  }

  whenReady(options?: { signal?: AbortSignal }): Promise<ItemView> {
    return whenState(this.mirror, isReady, options, this.gone.signal)
  }

  async whenLinked(options?: { signal?: AbortSignal }): Promise<string> {
    const view = await whenState(this.mirror, isLinked, options, this.gone.signal)
    return view.link!
  }

  files(): Promise<readonly FileView[]> {
    return this.#quire.call('files', this.id)
  }

  read(fileIndex: number, start: number, end: number): ReadableStream<Uint8Array> {
    const quire = this.#quire
    const stream = quire.nextStream()
    const opened = quire.call('read', this.id, stream, fileIndex, start, end)
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await opened
          const chunk = await quire.call('pull', stream)
          if (chunk) controller.enqueue(chunk)
          else controller.close()
        },
        async cancel() {
          await quire.call('cancel', stream)
        }
      },
      { highWaterMark: 1 }
    )
  }

  pause(): Promise<void> {
    return this.#quire.call('pause', this.id)
  }

  resume(): Promise<void> {
    return this.#quire.call('resume', this.id)
  }

  retry(): Promise<void> {
    return this.#quire.call('retry', this.id)
  }

  keep(wanted: boolean, copies?: number): Promise<void> {
    return this.#quire.call('keep', this.id, wanted, copies)
  }

  remove(): Promise<void> {
    return this.#quire.call('remove', this.id)
  }
}

function blobEntry({ path, mimeType, modifiedAtMs, blob }: FileSource): BlobEntry {
  if (!blob) throw new NotABlob(path)
  return { path, mimeType, modifiedAtMs, blob }
}
