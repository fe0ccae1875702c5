import { reportOf } from '../../core/errors.ts'
import type { SetId } from '../../core/ids.ts'
import { ItemGone } from '../errors.ts'
import { blobSource } from '../sources.ts'
import type { Item, Quire } from '../types.ts'
import type { CallMessage, Calls, FromWorker } from './protocol.ts'

type Post = (message: FromWorker, transfer?: Transferable[]) => void
/** Calls of the facade of which all that they take and give crosses as it is. */
type Passed = 'readInvitation' | 'acceptInvitation' | 'forgetInvitation' | 'nudge' | 'close'
type Handlers = { [Name in Exclude<keyof Calls, Passed>]: (...args: Parameters<Calls[Name]>) => unknown }
type Called = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>

/** The worker's side: answers the page's calls on an engine and sends it every view that changes. */
export class EngineHost {
  readonly #quire: Quire
  readonly #post: Post
  /** How to stop following each item. */
  readonly #followed = new Map<SetId, { readonly item: Item; readonly stop: () => void }>()
  /** The ids that the page was told of. */
  #sent: string | undefined
  readonly #streams = new Map<number, ReadableStreamDefaultReader<Uint8Array>>()
  readonly #handlers: Handlers

  constructor(quire: Quire, post: Post) {
    this.#quire = quire
    this.#post = post
    this.#handlers = this.#handlersOf(quire)
  }

  /** Sends all that is known, then keeps the page up to date. */
  start(): void {
    const quire = this.#quire
    quire.library.subscribe(() => this.#sendLibrary())
    quire.network.subscribe((status) => this.#post({ type: 'network', status }))
    quire.storage.subscribe((view) => this.#post({ type: 'storage', view }))
    this.#post({ type: 'network', status: quire.network.peek() })
    this.#post({ type: 'storage', view: quire.storage.peek() })
    this.#sendLibrary()
    this.#post({ type: 'ready' })
  }

  async handle({ id, name, args }: CallMessage): Promise<void> {
    try {
      const called = (name in this.#handlers ? this.#handlers : this.#quire) as unknown as Called
      const value = await called[name]!(...args)
      const transfer = value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []
      this.#post({ type: 'result', id, value }, transfer)
    } catch (error) {
      this.#post({ type: 'failure', id, report: reportOf(error) })
    }
  }

  /**
   * Views of new items go first, and those of items that are gone end before, so that the page neither hears of an id
   * that it cannot show nor of an item that it forgot.
   */
  #sendLibrary(): void {
    const ids = this.#quire.library.peek()
    for (const item of this.#quire.items()) this.#follow(item)
    const known = new Set(ids)
    for (const [id, { stop }] of this.#followed) {
      if (known.has(id)) continue
      stop()
      this.#followed.delete(id)
    }
    const told = ids.join()
    if (told !== this.#sent) this.#post({ type: 'library', ids })
    this.#sent = told
  }

  #follow(item: Item): void {
    const before = this.#followed.get(item.id)
    if (before?.item === item) return
    before?.stop()
    const stop = item.subscribe((view) => this.#post({ type: 'item', view }))
    this.#followed.set(item.id, { item, stop })
    this.#post({ type: 'item', view: item.peek() })
  }

  #item(id: SetId): Item {
    const item = this.#quire.item(id)
    if (!item) throw new ItemGone()
    return item
  }

  #handlersOf(quire: Quire): Handlers {
    return {
      add: (id, files, options) => {
        const sources = files.map(({ path, blob, mimeType, modifiedAtMs }) =>
          blobSource(path, blob, mimeType, modifiedAtMs)
        )
        this.#follow(quire.add(sources, { id, ...options }))
      },
      open: async (link) => {
        const item = await quire.open(link)
        this.#follow(item)
        return item.id
      },
      files: (id) => this.#item(id).files(),
      pause: (id) => this.#item(id).pause(),
      resume: (id) => this.#item(id).resume(),
      retry: (id) => this.#item(id).retry(),
      keep: (id, wanted, copies) => this.#item(id).keep(wanted, copies),
      remove: (id) => this.#item(id).remove(),
      read: (id, stream, fileIndex, start, end) => {
        this.#streams.set(stream, this.#item(id).read(fileIndex, start, end).getReader())
      },
      pull: (stream) => this.#pull(stream),
      cancel: async (stream) => {
        const reader = this.#streams.get(stream)
        this.#streams.delete(stream)
        await reader?.cancel()
      }
    }
  }

  async #pull(stream: number): Promise<Uint8Array | undefined> {
    const reader = this.#streams.get(stream)
    if (!reader) return undefined
    try {
      const { value, done } = await reader.read()
      if (done) this.#streams.delete(stream)
      if (!value) return undefined
      const whole = value.byteLength === value.buffer.byteLength
      return whole ? value : value.slice() // the buffer is given away, so it must hold nothing else
    } catch (error) {
      this.#streams.delete(stream)
      throw error
    }
  }
}
