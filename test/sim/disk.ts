import { Bitmap } from '../../src/core/block/bitmap.ts'
import { gatherMs, segmentBlocks } from '../../src/core/limits.ts'
import type { Timeline } from './events.ts'

/** Time for a segment to be made durable. */
const writeMs = 4

/**
 * A peer's disk, as the stores behave: blocks wait until their segment is whole, or for one to two times `gatherMs`,
 * and are then made durable together. What waits is lost in a crash; what is durable is there afterwards.
 */
export class Disk {
  readonly durable: Bitmap
  /** Leaf hashes are kept beside the blocks. */
  readonly groups = new Set<number>()
  /** Segments written, whole or in part. */
  writes = 0
  /** Blocks that fit. */
  roomBlocks: number
  readonly #timeline: Timeline
  readonly #done: (indexes: readonly number[], stored: boolean) => void
  readonly #waiting = new Map<number, { indexes: number[]; isOld: boolean }>()
  #isTimed = false

  constructor(durable: Bitmap, timeline: Timeline, done: (indexes: readonly number[], stored: boolean) => void) {
    this.durable = durable
    this.roomBlocks = durable.size
    this.#timeline = timeline
    this.#done = done
  }

  put(index: number): void {
    const segment = Math.floor(index / segmentBlocks)
    const waiting = this.#waiting.get(segment) ?? { indexes: [], isOld: false }
    this.#waiting.set(segment, waiting)
    waiting.indexes.push(index)
    const lacking = Math.min(segmentBlocks, this.durable.size - segment * segmentBlocks) - waiting.indexes.length
    if (lacking === 0 || lacking === this.#heldIn(segment)) this.#write(segment)
    else if (!this.#isTimed) this.#ringLater()
  }

  /** It was put here, durable or not. */
  has(index: number): boolean {
    const waiting = this.#waiting.get(Math.floor(index / segmentBlocks))
    return this.durable.has(index) || (waiting?.indexes.includes(index) ?? false)
  }

  /** Stores now what waits. */
  flush(): void {
    for (const segment of this.#waiting.keys()) this.#write(segment)
  }

  #heldIn(segment: number): number {
    let held = 0
    for (let i = segment * segmentBlocks; i < (segment + 1) * segmentBlocks; i++) if (this.durable.has(i)) held++
    return held
  }

  #ringLater(): void {
    this.#isTimed = true
    this.#timeline.after(gatherMs, () => {
      this.#isTimed = false
      for (const [segment, waiting] of this.#waiting) {
        if (waiting.isOld) this.#write(segment)
        waiting.isOld = true
      }
      if (this.#waiting.size > 0) this.#ringLater()
    })
  }

  #write(segment: number): void {
    const { indexes } = this.#waiting.get(segment)!
    this.#waiting.delete(segment)
    this.writes++
    this.#timeline.after(writeMs, () => {
      if (this.durable.count + indexes.length > this.roomBlocks) return this.#done(indexes, false)
      // The machine counts what it hears of; the disk knows for itself what it has.
      for (const index of indexes) this.durable.set(index)
      this.#done(indexes, true)
    })
  }
}
