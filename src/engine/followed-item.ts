import { decodeManifest, type Manifest } from '../core/manifest/manifest.ts'
import type { TabCommand } from '../core/tabs/types.ts'
import type { ItemRecord } from '../store/types.ts'
import { type PlacedFile, readIndex } from './index-reading.ts'
import type { ContentCipher } from './crypto.ts'
import { keysOf } from './keys.ts'
import type { EngineParts } from './parts.ts'
import { type BlockReader, collectBytes, readBytes } from './reading.ts'
import { newSetId } from './set-id.ts'
import type { ItemView } from './types.ts'
import { WatchedItem } from './watched-item.ts'

export interface Followed {
  /** What the library knows of it. */
  readonly record: ItemRecord
  /** Opened here just now: it may be in no catalog yet. */
  readonly isFresh: boolean
  /** What to show until the tab that leads it tells. */
  readonly view: ItemView
  /** Asks the tab that leads it. */
  readonly ask: (command: TabCommand) => Promise<void>
}

/** An item that another tab leads: shows what that one tells, hands on what is asked, reads what the store has. [TB4] */
export class FollowedItem extends WatchedItem {
  readonly record: ItemRecord
  readonly isFresh: boolean
  readonly #parts: EngineParts
  readonly #ask: Followed['ask']
  #shown: ItemView
  #found: { readonly manifest: Manifest; readonly cipher?: ContentCipher } | undefined
  #files: Promise<readonly PlacedFile[]> | undefined

  constructor(parts: EngineParts, { record, isFresh, view, ask }: Followed) {
    super(record.id, parts.timers)
    this.record = record
    this.isFresh = isFresh
    this.#parts = parts
    this.#shown = view
    this.#ask = ask
  }

  show(view: ItemView): void {
    this.#shown = view
    this.live.changed()
  }

  pause(): Promise<void> {
    return this.#ask({ name: 'pause' })
  }

  resume(): Promise<void> {
    return this.#ask({ name: 'resume' })
  }

  retry(): Promise<void> {
    return this.#ask({ name: 'retry' })
  }

  keep(wanted: boolean, copies?: number): Promise<void> {
    return this.#ask({ name: 'keep', wanted, copies })
  }

  remove(): Promise<void> {
    return this.#ask({ name: 'remove' })
  }

  protected view(): ItemView {
    return this.#shown
  }

  protected placedFiles(): Promise<readonly PlacedFile[]> {
    if (!this.#files) {
      this.#files = readIndex(this.record.kind, this.#findManifest(), (start, end) =>
        collectBytes(this.readDataSet(start, end), end - start)
      )
      this.#files.catch(() => (this.#files = undefined)) // the next one who asks tries again
    }
    return this.#files
  }

  protected readDataSet(start: number, end: number): ReadableStream<Uint8Array> {
    return readBytes(this.#reader(this.#found!.manifest.blockBytes), start, end, this.#found!.cipher)
  }

  /** Whoever leads writes the manifest into the catalog at about the time when it stores the first block. */
  async #findManifest(): Promise<Manifest> {
    for (;;) {
      const record = await this.#parts.catalog.item(this.id)
      if (record?.manifest) {
        const manifest = decodeManifest(record.manifest)
        this.#found = { manifest, cipher: keysOf(record.manifestCid!, record.secret).cipher }
        return manifest
      }
      await this.#ask({ name: 'fetch', reader: this.id, start: 0, count: 1, ahead: 0 })
    }
  }

  /** Reads what the store has, and has the rest fetched. */
  #reader(blockBytes: number): BlockReader {
    const reader = newSetId()
    const { store } = this.#parts
    return {
      blockBytes,
      blocks: async (start, count, ahead) => {
        const range = { start, count }
        const fetch = () => this.#ask({ name: 'fetch', reader, start, count, ahead })
        const isWhole = this.#shown.blockCount > 0 && this.#shown.doneBlocks === this.#shown.blockCount
        const fetched = isWhole ? undefined : fetch()
        fetched?.catch(() => undefined) // it need not be waited for
        try {
          return await store.readBlocks(this.id, range)
        } catch {
          await (fetched ?? fetch()) // it may have been removed since, and opened again
        }
        return store.readBlocks(this.id, range).catch(async (error: unknown) => {
          await fetch() // which says so of what is gone
          throw error
        })
      },
      close: () => void this.#ask({ name: 'rest', reader }).catch(() => undefined)
    }
  }
}
