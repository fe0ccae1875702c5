import { tabReadersMax } from '../core/limits.ts'
import type { TabCommand } from '../core/tabs/types.ts'
import type { BlockReader } from './reading.ts'
import type { SwarmDriver } from './swarm-driver.ts'

/** Readers in other tabs of one data set: their wishes are those of readers here. [TB9] */
export class Guests {
  readonly #readers = new Map<string, { readonly driver: SwarmDriver; readonly blocks: BlockReader }>()

  /** Resolves when the blocks are here and verified. */
  async fetch(driver: SwarmDriver, wish: Extract<TabCommand, { name: 'fetch' }>): Promise<void> {
    await driver.whenManifest()
    const { reader, start, count, ahead } = wish
    const known = this.#readers.get(reader)
    const blocks = known?.driver === driver ? known.blocks : driver.reader()
    this.#readers.delete(reader)
    this.#readers.set(reader, { driver, blocks })
    for (const oldest of this.#readers.keys()) if (this.#readers.size > tabReadersMax) this.rest(oldest)
    await blocks.blocks(start, count, ahead)
  }

  rest(reader: string): void {
    this.#readers.get(reader)?.blocks.close()
    this.#readers.delete(reader)
  }
}
