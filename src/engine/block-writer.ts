import type { SetId } from '../core/ids.ts'
import type { SwarmEffect } from '../core/swarm/types.ts'
import { segmentOf } from '../store/runs.ts'
import type { BlockStore } from '../store/types.ts'
import type { VerifiedBlocks } from './verified-blocks.ts'

export type StoreEffect = Extract<SwarmEffect, { type: 'store' }>

interface Outcome {
  readonly stored: (indexes: readonly number[]) => void
  readonly failed: (indexes: readonly number[], error: unknown) => void
}

/**
 * Stores verified blocks. What came together goes to the store together, and of a segment, which becomes durable at
 * once though its blocks came in many messages, the machine hears once.
 */
export class BlockWriter {
  readonly #store: BlockStore
  readonly #set: SetId
  readonly #blocks: VerifiedBlocks
  readonly #outcome: Outcome
  /** Durable, and about to be told. */
  #durable: number[] = []

  constructor(store: BlockStore, set: SetId, blocks: VerifiedBlocks, outcome: Outcome) {
    this.#store = store
    this.#set = set
    this.#blocks = blocks
    this.#outcome = outcome
  }

  /** Readers have the blocks at once. Segment by segment, so that none waits for another. */
  write(blocks: readonly StoreEffect[]): void {
    for (const { index, bytes } of blocks) this.#blocks.verified(index, bytes)
    for (const some of Map.groupBy(blocks, ({ index }) => segmentOf(index)).values()) void this.#put(some)
  }

  async #put(blocks: readonly StoreEffect[]): Promise<void> {
    const indexes = blocks.map(({ index }) => index)
    try {
      await this.#store.putBlocks(this.#set, blocks)
      if (this.#durable.length === 0) queueMicrotask(() => this.#tell())
      this.#durable.push(...indexes)
    } catch (error) {
      this.#outcome.failed(indexes, error)
    }
  }

  #tell(): void {
    const indexes = this.#durable
    this.#durable = []
    for (const index of indexes) this.#blocks.durable(index)
    this.#outcome.stored(indexes)
  }
}
