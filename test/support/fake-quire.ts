import { ReportedError } from '../../src/core/errors.ts'
import type { ErrorReport } from '../../src/core/errors.ts'
import type { PeerId, SetId } from '../../src/core/ids.ts'
import type {
  AddRequest,
  FileSource,
  FileView,
  InvitationView,
  Item,
  ItemAction,
  ItemView,
  KeepView,
  LeavesView,
  PeerView,
  Quire,
  StorageView,
  Watchable
} from '../../src/engine/types.ts'
import type { NetworkStatus } from '../../src/network/types.ts'
import { seededBytes } from './seeded.ts'

/** A value that changes when it is told to. */
export class Told<S> implements Watchable<S> {
  #value: S
  readonly #listeners = new Set<(value: S) => void>()

  constructor(value: S) {
    this.#value = value
  }

  peek(): S {
    return this.#value
  }

  subscribe(listener: (value: S) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(value: S): void {
    this.#value = value
    for (const listener of this.#listeners) listener(value)
  }
}

export const fakeLink =
  'https://quire.example/#/s/zDvZRwzkzHsB5hC8vNMxQ7fT1dKq3rLp9wYbGj2mAcEuXo4SiJh?k=7fQ2bVw8Yc1mLxKp9sDzrT5E'

export const errorOf = (code: string, params: ErrorReport['params'] = {}): ErrorReport => ({
  code,
  fault: 'user',
  retryable: true,
  message: code,
  params
})

export function fakePeer(n: number, over: Partial<PeerView> = {}): PeerView {
  return {
    peerId: `12D3KooWFake${n}` as PeerId,
    pigment: n,
    kind: 'direct',
    role: 'tab',
    complete: true,
    receivedBytesPerSecond: 0,
    sentBytesPerSecond: 0,
    ...over
  }
}

/** Leaves of which a share is verified, sent by so many peers; the same for the same seed. */
export function fakeLeaves(count: number, share: number, peers: number, blocksPerLeaf = 8, seed = 7): LeavesView {
  const bytes = seededBytes(seed, count * 4)
  let drawn = 0
  const random = () => bytes[drawn++]! / 256
  const levels = new Uint8Array(count)
  const owners = new Uint8Array(count)
  let owner = 1
  for (let at = 0; at < count; at++) {
    if (random() < 0.25) owner = 1 + Math.floor(random() * Math.max(1, peers))
    const nearStart = at / count < share * 0.8
    levels[at] = share >= 1 || nearStart ? 255 : random() < share * 0.5 ? Math.floor(random() * 255) : 0
    owners[at] = peers === 0 ? 0 : owner
  }
  return { blocksPerLeaf, levels, owners }
}

export const fakeKeeper = 'fake-keeper' as PeerId

/** How it stands with a keeper; with none, unless told otherwise. */
export function fakeKeep(over: Partial<KeepView> = {}): KeepView {
  return { wanted: true, copiesWanted: 1, state: 'none', heldBytes: 0, untilMs: 0, keepers: [], ...over }
}

/** A view of an item that is complete and shared from here, unless told otherwise. */
export function fakeView(id: string, over: Partial<ItemView> = {}): ItemView {
  const blockCount = over.blockCount ?? 3072
  const doneBlocks = over.doneBlocks ?? blockCount
  return {
    id: id as SetId,
    origin: 'added',
    kind: 'sealed',
    state: 'sharing',
    title: id,
    fileCount: 1,
    mimeType: 'application/octet-stream',
    contentBytes: blockCount * 65536,
    totalBytes: blockCount * 65536,
    doneBytes: doneBlocks * 65536,
    blockCount,
    doneBlocks,
    link: fakeLink,
    rateBytesPerSecond: 0,
    peers: [],
    otherCopies: 0,
    leaves: fakeLeaves(Math.min(384, blockCount), doneBlocks / blockCount, over.peers?.length ?? 0),
    can: ['pause', 'save', 'open', 'remove'],
    createdAtMs: Date.now() + 1000,
    ...over
  }
}

export class FakeItem extends Told<ItemView> implements Item {
  readonly #files: readonly FileView[]
  readonly #gone: (id: SetId) => void

  constructor(view: ItemView, files: readonly FileView[] = [], gone: (id: SetId) => void = () => {}) {
    super(view)
    this.#files = files
    this.#gone = gone
  }

  get id(): SetId {
    return this.peek().id
  }

  change(over: Partial<ItemView>): void {
    this.tell({ ...this.peek(), ...over })
  }

  whenReady(): Promise<ItemView> {
    return Promise.resolve(this.peek())
  }

  whenLinked(): Promise<string> {
    return Promise.resolve(this.peek().link ?? fakeLink)
  }

  files(): Promise<readonly FileView[]> {
    return this.#files.length > 0 ? Promise.resolve(this.#files) : new Promise(() => {})
  }

  read(fileIndex: number, start: number, end: number): ReadableStream<Uint8Array> {
    const line = `File ${fileIndex}: <script>alert(1)</script> stays characters.\n`
    const bytes = new TextEncoder().encode(line.repeat(Math.ceil((end - start) / line.length))).subarray(start, end)
    return new Blob([bytes]).stream()
  }

  pause(): Promise<void> {
    this.change({ state: 'paused', can: ['resume', ...this.#canBesides('pause')], rateBytesPerSecond: 0 })
    return Promise.resolve()
  }

  resume(): Promise<void> {
    const { doneBlocks, blockCount, origin } = this.peek()
    const state = doneBlocks < blockCount ? 'fetching' : origin === 'added' ? 'sharing' : 'complete'
    this.change({ state, can: ['pause', ...this.#canBesides('resume')] })
    return Promise.resolve()
  }

  #canBesides(action: ItemAction): ItemAction[] {
    return this.peek().can.filter((each) => each !== action)
  }

  retry(): Promise<void> {
    return this.resume()
  }

  keep(wanted: boolean): Promise<void> {
    this.change({ keep: fakeKeep({ wanted }) })
    return Promise.resolve()
  }

  remove(): Promise<void> {
    this.#gone(this.id)
    return Promise.resolve()
  }
}

/** An engine that does nothing but look like one: for drawing screens and trying them. */
export class FakeQuire implements Quire {
  readonly library = new Told<readonly SetId[]>([])
  readonly network = new Told<NetworkStatus>({
    peerId: '12D3KooWSelf' as PeerId,
    relays: [
      { url: 'wss://one.example', state: 'reserved' },
      { url: 'wss://two.example', state: 'reserved' }
    ],
    webrtc: true
  })
  readonly storage = new Told<StorageView>({
    usedBytes: 2.1e9,
    limitBytes: 8e9,
    freeBytes: 5e10,
    persisted: true,
    durable: true
  })
  readonly #items = new Map<SetId, FakeItem>()

  put(view: ItemView, files: readonly FileView[] = []): FakeItem {
    const item = new FakeItem(view, files, (id) => {
      this.#items.delete(id)
      this.library.tell([...this.#items.keys()])
    })
    this.#items.set(view.id, item)
    this.library.tell([...this.#items.keys()])
    return item
  }

  add(files: readonly FileSource[], { keep = 0 }: AddRequest = {}): Item {
    const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    const title = files[0]?.path.split('/')[0] ?? ''
    const id = `added-${this.#items.size}`
    const blockCount = Math.max(1, Math.ceil(totalBytes / 65536))
    const kinds = { title, fileCount: files.length, contentBytes: totalBytes, blockCount }
    if (totalBytes === 0)
      return this.put(fakeView(id, { ...kinds, state: 'error', error: errorOf('empty-content'), link: undefined }))
    return this.put(
      fakeView(id, { ...kinds, totalBytes, doneBytes: totalBytes, keep: keep > 0 ? fakeKeep() : undefined })
    )
  }

  open(link: string): Promise<Item> {
    const code = /err-([a-z-]+)/.exec(link)?.[1]
    if (code !== undefined) return Promise.reject(new ReportedError(errorOf(code)))
    const wanted = /zDvFake-([a-z0-9-]+)/.exec(link)?.[1]
    const item = [...this.#items.values()].find((each) => each.id === wanted)
    return item ? Promise.resolve(item) : Promise.reject(new ReportedError(errorOf('link-bad-cid')))
  }

  readInvitation(link: string): Promise<InvitationView> {
    const code = /err-([a-z-]+)/.exec(link)?.[1]
    if (code !== undefined) return Promise.reject(new ReportedError(errorOf(code)))
    const terms = { dataSetBytesMax: 2e9, termMsMax: 30 * 24 * 3_600_000, invited: true }
    return Promise.resolve({ keeper: fakeKeeper, host: 'Grey Heron', terms, accepted: link.includes('taken') })
  }

  acceptInvitation(link: string): Promise<InvitationView> {
    return this.readInvitation(link)
  }

  forgetInvitation(): Promise<void> {
    return Promise.resolve()
  }

  items(): readonly Item[] {
    return [...this.#items.values()]
  }

  item(id: SetId): FakeItem | undefined {
    return this.#items.get(id)
  }

  nudge(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
