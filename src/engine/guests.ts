import { tabReadersMax } from '../core/limits.ts'
import type { TabCommand } from '../core/tabs/types.ts'
import type { BlockReader } from './reading.ts'

/** Readers in other tabs of one data set: their wishes are those of readers here. [TB9] */
export class Guests {
  readonly #readers = new Map<string, BlockReader>()

  /** Resolves when the blocks are here and verified. */
  async fetch(newReader: () => BlockReader, wish: Extract<TabCommand, { name: 'fetch' }>): Promise<void> {
    const { reader, start, count, ahead } = wish
    const blocks = this.#readers.get(reader) ?? newReader()
    this.#readers.delete(reader)
    this.#readers.set(reader, blocks)
    for (const oldest of this.#readers.keys()) if (this.#readers.size > tabReadersMax) this.rest(oldest)
    await blocks.blocks(start, count, ahead)
  }

  rest(reader: string): void {
    this.#readers.get(reader)?.close()
    this.#readers.delete(reader)
  }
}
