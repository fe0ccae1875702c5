import { BadBlock } from '../exchange/errors.ts'
import type { PeerId } from '../ids.ts'
import type { SwarmLane } from './lane.ts'
import type { Leaves } from './leaves.ts'
import type { PassingOn } from './passing-on.ts'
import { runsOf } from './runs.ts'
import type { Seconds } from './seconds.ts'
import type { SwarmState } from './state.ts'

/** What arriving has to do with; `lost`: the block must be asked for again. */
interface ArrivingParts {
  readonly leaves: Leaves
  readonly seconds: Seconds
  readonly passingOn: PassingOn
  readonly lost: (index: number) => void
}

/** Blocks between wire and store: each is hashed once, compared with its leaf, and only then stored. [SW5] */
export class Arriving {
  readonly #state: SwarmState
  readonly #parts: ArrivingParts
  readonly #hashing = new Map<number, Uint8Array>()

  constructor(state: SwarmState, parts: ArrivingParts) {
    this.#state = state
    this.#parts = parts
  }

  /** Blocks that were asked for came over a lane; copies of those that are here are thrown away. */
  come(lane: SwarmLane, start: number, blocks: readonly Uint8Array[]): void {
    const fresh = blocks.map((_, i) => start + i).filter((index) => this.#parts.seconds.isFirst(index, lane))
    const { laneId, peerId } = lane.info
    for (const run of runsOf(fresh)) {
      const from = run.start - start
      const come = run.count === blocks.length ? blocks : blocks.slice(from, from + run.count)
      come.forEach((block, i) => this.#hashing.set(run.start + i, block))
      this.#state.emit({ type: 'hash', laneId, peerId, start: run.start, blocks: come })
    }
  }

  /** Returns the first block that is not what it must be, if any. */
  hashed(peerId: PeerId, start: number, digests: readonly Uint8Array[]): BadBlock | undefined {
    let bad: BadBlock | undefined
    digests.forEach((digest, i) => {
      const index = start + i
      const bytes = this.#hashing.get(index)
      if (!this.#hashing.delete(index) || !bytes) return
      if (this.#parts.leaves.matches(index, digest)) {
        this.#parts.passingOn.given(index)
        return this.#state.emit({ type: 'store', peerId, index, bytes })
      }
      this.#parts.lost(index)
      bad ??= new BadBlock(index)
    })
    return bad
  }
}
