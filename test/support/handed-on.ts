import { expect } from 'vitest'
import { parseLink } from '../../src/core/link/link.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { AddRequest, Item } from '../../src/engine/types.ts'
import { cidOf } from './calls.ts'
import type { RestlessTab } from './restless-browser.ts'

/** What people add, and the links that they hand on. */
export class HandedOn {
  readonly links: string[] = []
  /** What each data set holds, by its address. */
  readonly #contents = new Map<string, Uint8Array>()

  async add(tab: RestlessTab, bytes: Uint8Array<ArrayBuffer>, options: AddRequest): Promise<void> {
    const item = tab.engine.add([blobSource(`${bytes.length}.bin`, new Blob([bytes]))], options)
    const link = await item.whenLinked()
    this.links.push(link)
    this.#contents.set(parseLink(link).manifestCid, bytes)
  }

  /** All of it is here, and as it was added. */
  async check(item: Item): Promise<void> {
    const bytes = this.#contents.get(cidOf(item.peek()) ?? '')
    if (!bytes) return // it was linked a moment ago
    expect((await item.files())[0]!.sizeBytes).toBe(bytes.length)
    const read = await collectBytes(item.read(0, 0, bytes.length), bytes.length)
    expect(Buffer.from(read).equals(bytes), item.peek().title).toBe(true)
  }
}
