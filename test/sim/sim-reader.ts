import { readAheadBlocks, readStepBlocks } from '../../src/core/limits.ts'
import type { SimPeer } from './peer.ts'

/** Somebody who watches a film while it comes: wishes for the next step once the last one is here, from a place on to the end. */
export class SimReader {
  readonly #peer: SimPeer
  #atBlock: number
  #wishedAtMs: number
  /** The longest that it stood still, ms. */
  waitedMs = 0

  constructor(peer: SimPeer, fromBlock: number) {
    this.#peer = peer
    this.#atBlock = fromBlock
    this.#wishedAtMs = peer.world.events.nowMs
    this.#wish()
  }

  /** Blocks came. */
  look(): void {
    const { blockCount } = this.#peer.world.tokens
    const before = this.#atBlock
    while (this.#atBlock < blockCount && this.#isHere(this.#atBlock)) this.#atBlock += readStepBlocks
    if (this.#atBlock === before) return
    const { nowMs } = this.#peer.world.events
    this.waitedMs = Math.max(this.waitedMs, nowMs - this.#wishedAtMs)
    this.#wishedAtMs = nowMs
    this.#wish()
  }

  #isHere(start: number): boolean {
    const end = Math.min(start + readStepBlocks, this.#peer.world.tokens.blockCount)
    for (let index = start; index < end; index++) if (!this.#peer.disk.has(index)) return false
    return true
  }

  #wish(): void {
    const count = Math.min(readStepBlocks + readAheadBlocks, this.#peer.world.tokens.blockCount - this.#atBlock)
    this.#peer.turn({
      type: 'reader',
      readerId: 1,
      ranges: count > 0 ? [{ start: this.#atBlock, count }] : []
    })
  }
}
