import type { Bitmap } from '../core/block/bitmap.ts'
import type { SetId } from '../core/ids.ts'
import type { BlockStore } from '../store/types.ts'
import { DriverClosed } from './errors.ts'

/**
 * Blocks for readers: from the store when durable, else from memory between check and disk, else as soon as they
 * come. What is kept here is bounded by what the swarm lets be under way.
 */
export class VerifiedBlocks {
  readonly #store: BlockStore
  readonly #set: SetId
  readonly #held: () => Bitmap | undefined
  readonly #fresh = new Map<number, Uint8Array>()
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array>[]>()
  #closed = false

  constructor(store: BlockStore, set: SetId, held: () => Bitmap | undefined) {
    this.#store = store
    this.#set = set
    this.#held = held
  }

  async read(start: number, count: number): Promise<Uint8Array[]> {
    const range = { start, count }
    if (this.#held()?.hasRange(range)) return this.#store.readBlocks(this.#set, range)
    return Promise.all(Array.from({ length: count }, (_, i) => this.#one(start + i)))
  }

  verified(index: number, bytes: Uint8Array): void {
    this.#fresh.set(index, bytes)
    for (const { resolve } of this.#waiting.get(index) ?? []) resolve(bytes)
    this.#waiting.delete(index)
  }

  durable(index: number): void {
    this.#fresh.delete(index)
  }

  close(): void {
    this.#closed = true
    for (const waiting of this.#waiting.values()) {
      for (const { reject } of waiting) reject(new DriverClosed())
    }
    this.#waiting.clear()
    this.#fresh.clear()
  }

  async #one(index: number): Promise<Uint8Array> {
    const fresh = this.#fresh.get(index)
    if (fresh) return fresh
    if (this.#held()?.has(index)) return (await this.#store.readBlocks(this.#set, { start: index, count: 1 }))[0]!
    if (this.#closed) throw new DriverClosed()
    const waiting = Promise.withResolvers<Uint8Array>()
    this.#waiting.set(index, [...(this.#waiting.get(index) ?? []), waiting])
    return waiting.promise
  }
}
