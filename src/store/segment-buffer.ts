import type { BlockRange } from '../core/block/bitmap.ts'
import type { SetId } from '../core/ids.ts'
import { gatheredBytesMax, gatherMs, segmentBlocks } from '../core/limits.ts'
import { checkBlocks } from './check.ts'
import { StoreClosed, UnknownSet } from './errors.ts'
import { segmentOf } from './runs.ts'
import type { BlockStore, PlacedBlock, SetShape } from './types.ts'

/** Runs something once after a while. Returns how to cancel. */
export interface Timer {
  after(delayMs: number, run: () => void): () => void
}

export interface BufferedBlockStore extends BlockStore {
  /** Stores now what waits for its segment to become whole. Resolves when that is durable, or was refused. */
  flush(set: SetId): Promise<void>
}

/** Blocks of one segment that wait, and what resolves when they are durable. */
interface Gathered {
  readonly blocks: Map<number, PlacedBlock>
  readonly outcome: PromiseWithResolvers<void>
  /** Whether it waited when the timer last rang. */
  old: boolean
}

/**
 * Gathers single blocks and stores them a segment at a time, since large writes are many times faster. A put resolves
 * when its blocks are durable, and reading sees durable blocks only, as with the store within. Blocks wait until their
 * segment is whole, the memory bound is reached, `flush`, or for one to two times `gatherMs`. [ST6]
 */
export function buffered(inner: BlockStore, timer: Timer): BufferedBlockStore {
  return new SegmentBuffer(inner, timer)
}

class SegmentBuffer implements BufferedBlockStore {
  readonly #inner: BlockStore
  readonly #timer: Timer
  readonly #shapes = new Map<SetId, Promise<SetShape>>()
  readonly #waiting = new Map<SetId, Map<number, Gathered>>()
  /** Writes under way of each set, so that a flush and a removal can wait for them. */
  readonly #writing = new Map<SetId, Set<Promise<void>>>()
  #gatheredBytes = 0
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(inner: BlockStore, timer: Timer) {
    this.#inner = inner
    this.#timer = timer
  }

  async putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    const shape = await (this.#shapes.get(set) ?? this.#learnShape(set))
    if (this.#closed) throw new StoreClosed()
    checkBlocks(shape, blocks)
    const bySegment = Map.groupBy(blocks, ({ index }) => segmentOf(index))
    const durable = [...bySegment].map(([segment, members]) => this.#gather(set, shape, segment, members))
    if (this.#gatheredBytes > gatheredBytesMax) this.#storeAll()
    await Promise.all(durable)
  }

  async flush(set: SetId): Promise<void> {
    await this.#arrived(set)
    this.#store(set, [...(this.#waiting.get(set)?.keys() ?? [])])
    await Promise.allSettled([...(this.#writing.get(set) ?? [])])
  }

  async create(set: SetId, shape: SetShape): Promise<void> {
    await this.#inner.create(set, shape)
    const { blockCount, blockBytes } = shape
    this.#shapes.set(set, Promise.resolve({ blockCount, blockBytes }))
  }

  shape(set: SetId): Promise<SetShape | undefined> {
    return this.#inner.shape(set)
  }

  readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    return this.#inner.readBlocks(set, range)
  }

  held: BlockStore['held'] = (set) => this.#inner.held(set)

  putHashGroups: BlockStore['putHashGroups'] = (set, groups) => this.#inner.putHashGroups(set, groups)

  readHashGroup: BlockStore['readHashGroup'] = (set, group) => this.#inner.readHashGroup(set, group)

  /** What waits of the set is dropped: its puts reject with UnknownSet. */
  async remove(set: SetId): Promise<void> {
    await this.#arrived(set)
    for (const segment of [...(this.#waiting.get(set)?.keys() ?? [])]) {
      this.#take(set, segment)?.outcome.reject(new UnknownSet(set))
    }
    this.#shapes.delete(set)
    await Promise.allSettled([...(this.#writing.get(set) ?? [])])
    await this.#inner.remove(set)
  }

  sets(): Promise<SetId[]> {
    return this.#inner.sets()
  }

  usedBytes(): Promise<number> {
    return this.#inner.usedBytes()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#shapes.keys()].map((set) => this.flush(set)))
    this.#closed = true
    this.#cancelTimer?.()
    await this.#inner.close()
  }

  #learnShape(set: SetId): Promise<SetShape> {
    const learning = this.#inner.shape(set).then((shape) => {
      if (!shape) throw new UnknownSet(set)
      return shape
    })
    this.#shapes.set(set, learning)
    learning.catch(() => this.#shapes.delete(set))
    return learning
  }

  /** Puts that were called before have their place by now: they wait for the shape only. */
  async #arrived(set: SetId): Promise<void> {
    await this.#shapes.get(set)?.catch(() => {})
  }

  #gather(set: SetId, shape: SetShape, segment: number, blocks: readonly PlacedBlock[]): Promise<void> {
    const ofSet = this.#waiting.get(set) ?? new Map<number, Gathered>()
    this.#waiting.set(set, ofSet)
    const gathered = ofSet.get(segment) ?? newGathered()
    ofSet.set(segment, gathered)
    for (const block of blocks) {
      if (gathered.blocks.has(block.index)) continue
      gathered.blocks.set(block.index, block)
      this.#gatheredBytes += shape.blockBytes
    }
    const wholeCount = Math.min(segmentBlocks, shape.blockCount - segment * segmentBlocks)
    if (gathered.blocks.size === wholeCount) this.#store(set, [segment])
    else this.#cancelTimer ??= this.#timer.after(gatherMs, () => this.#ring())
    return gathered.outcome.promise
  }

  /** Stores what waited at the last ring already. */
  #ring(): void {
    this.#cancelTimer = undefined
    for (const [set, ofSet] of [...this.#waiting]) {
      const ripe = [...ofSet].filter(([, gathered]) => gathered.old).map(([segment]) => segment)
      for (const gathered of ofSet.values()) gathered.old = true
      this.#store(set, ripe)
    }
    if (this.#waiting.size > 0) this.#cancelTimer = this.#timer.after(gatherMs, () => this.#ring())
  }

  #storeAll(): void {
    for (const [set, ofSet] of [...this.#waiting]) this.#store(set, [...ofSet.keys()])
  }

  /** One durable write for all of them, however scattered. */
  #store(set: SetId, segments: readonly number[]): void {
    const taken = segments.map((segment) => this.#take(set, segment)).filter((gathered) => gathered !== undefined)
    if (taken.length === 0) return
    const under = this.#writing.get(set) ?? new Set<Promise<void>>()
    this.#writing.set(set, under)
    const blocks = taken.flatMap((gathered) => [...gathered.blocks.values()])
    const writing = this.#inner.putBlocks(set, blocks).finally(() => {
      under.delete(writing)
      if (under.size === 0 && this.#writing.get(set) === under) this.#writing.delete(set)
    })
    under.add(writing)
    for (const { outcome } of taken) writing.then(outcome.resolve, outcome.reject)
  }

  #take(set: SetId, segment: number): Gathered | undefined {
    const ofSet = this.#waiting.get(set)
    const gathered = ofSet?.get(segment)
    if (!ofSet || !gathered) return undefined
    ofSet.delete(segment)
    if (ofSet.size === 0) this.#waiting.delete(set)
    for (const { bytes } of gathered.blocks.values()) this.#gatheredBytes -= bytes.length
    return gathered
  }
}

function newGathered(): Gathered {
  const outcome = Promise.withResolvers<void>()
  // Whoever put a block hears of a failure; the buffer itself has nothing to add.
  outcome.promise.catch(() => {})
  return { blocks: new Map(), outcome, old: false }
}
