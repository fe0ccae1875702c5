import type { SetId } from '../core/ids.ts'
import { ItemGone } from './errors.ts'
import { type PlacedFile, readFile, viewOfFile } from './index-reading.ts'
import { isLinked, isReady } from './states.ts'
import type { FileView, Item, ItemView } from './types.ts'
import { Live, type Timers, whenState } from './watch.ts'

/** What an item shows and gives to read, whoever does the work. */
export abstract class WatchedItem implements Item {
  readonly id: SetId
  protected readonly live: Live<ItemView>
  readonly #gone = new AbortController()

  constructor(id: SetId, timers: Timers) {
    this.id = id
    this.live = new Live(() => this.view(), timers)
  }

  protected abstract view(): ItemView
  protected abstract placedFiles(): Promise<readonly PlacedFile[]>
  /** To be called when the files are known. */
  protected abstract readDataSet(start: number, end: number): ReadableStream<Uint8Array>
  abstract pause(): Promise<void>
  abstract resume(): Promise<void>
  abstract retry(): Promise<void>
  abstract keep(wanted: boolean, copies?: number): Promise<void>
  abstract remove(): Promise<void>

  peek(): ItemView {
    return this.live.peek()
  }

  subscribe(listener: (view: ItemView) => void): () => void {
    return this.live.subscribe(listener)
  }

  whenReady(options?: { signal?: AbortSignal }): Promise<ItemView> {
    return whenState(this.live, isReady, options, this.#gone.signal)
  }

  async whenLinked(options?: { signal?: AbortSignal }): Promise<string> {
    return (await whenState(this.live, isLinked, options, this.#gone.signal)).link!
  }

  /** It was removed: whoever waits for it is told. */
  end(): void {
    this.#gone.abort(new ItemGone())
  }

  async files(): Promise<readonly FileView[]> {
    return (await this.placedFiles()).map(viewOfFile)
  }

  read(fileIndex: number, start: number, end: number): ReadableStream<Uint8Array> {
    return readFile(this.placedFiles(), (from, to) => this.readDataSet(from, to), fileIndex, start, end)
  }
}
