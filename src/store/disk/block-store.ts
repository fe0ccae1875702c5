import type { BlockRange } from '../../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../../core/ids.ts'
import { segmentBlocks } from '../../core/limits.ts'
import { checkBlocks, checkRange } from '../check.ts'
import { BlockNotHeld, UnknownSet } from '../errors.ts'
import { GroupCommit } from '../group-commit.ts'
import { blocksIn, type Run, runsOf, segmentOf } from '../runs.ts'
import type { InspectableStore, StoreProblem } from '../inspecting.ts'
import type { PlacedBlock } from '../types.ts'
import { backUp, type BackupOptions } from './backup.ts'
import type { Database } from './database.ts'
import { IndexedStore } from './indexed-store.ts'
import { inspectFolder } from './inspect.ts'
import { holds, SetIndex } from './set-index.ts'
import type { SetRow } from './set-rows.ts'
import type { Slabs } from './slabs.ts'
import { Space } from './space.ts'
import { Sweeper } from './sweeper.ts'

/** Blocks that are written and not yet claimed. */
interface Claim {
  readonly serial: number
  readonly runs: readonly Run[]
  readonly slabs: ReadonlySet<number>
  /** Its data set was removed meanwhile. */
  isLate: boolean
}

/** Segments in few large files; which bytes are whose stands in the database. [ST18] */
export class DiskBlockStore extends IndexedStore<SetIndex> implements InspectableStore {
  readonly #slabs: Slabs
  readonly #space: Space
  readonly #sweeper: Sweeper
  readonly #claims = new GroupCommit<Claim>((claims) => this.#claim(claims))

  constructor(database: Database, slabs: Slabs) {
    const space = new Space(database)
    super(database, new SetIndex(database, space))
    this.#slabs = slabs
    this.#space = space
    this.#sweeper = new Sweeper({ database, slabs, space: this.#space, gate: this.gate })
    this.#sweeper.sweep()
  }

  putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    return this.use(async () => {
      const known = this.known(set)
      checkBlocks(known, blocks)
      const runs = runsOf(blocks).filter((run) => !this.#isHeld(known, run))
      if (runs.length === 0) return this.database.durable()
      const places = this.database.transaction(() =>
        runs.map(({ start }) => this.index.placed(known, segmentOf(start)))
      )
      const slabs = new Set(places.map(({ slab }) => slab))
      await this.#sweeper.whileWriting(known.serial, async () => {
        const writes = runs.map((run, i) => {
          const { slab, start } = places[i]!
          return this.#slabs.write(slab, start + (run.start % segmentBlocks) * known.blockBytes, run.bytes)
        })
        // None may still be writing once the places are no longer in use.
        for (const written of await Promise.allSettled(writes)) if (written.status === 'rejected') throw written.reason
        const claim: Claim = { serial: known.serial, runs, slabs, isLate: false }
        await this.#claims.add(claim)
        if (claim.isLate) throw new UnknownSet(set)
      })
    })
  }

  readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    return this.use(async () => {
      const known = this.known(set)
      checkRange(known, range)
      const rows = new Map(this.index.segments(known.serial, range).map((row) => [row.segment, row]))
      const end = range.start + range.count
      for (let index = range.start; index < end; index++) {
        const row = rows.get(segmentOf(index))
        if (!row || !holds(row, index)) throw new BlockNotHeld(index)
      }
      const { blockBytes } = known
      const read = new Uint8Array(range.count * blockBytes)
      for (const { segment, slab, start } of rows.values()) {
        const first = Math.max(range.start, segment * segmentBlocks)
        const last = Math.min(end, (segment + 1) * segmentBlocks)
        const into = read.subarray((first - range.start) * blockBytes, (last - range.start) * blockBytes)
        const isWhole = await this.#slabs.read(slab, start + (first % segmentBlocks) * blockBytes, into)
        if (!isWhole) throw new BlockNotHeld(first)
      }
      return blocksIn(read, blockBytes)
    })
  }

  async remove(set: SetId): Promise<void> {
    await this.use(async () => {
      const known = this.index.find(set)
      if (known) this.database.transaction(() => this.index.remove(known))
      await this.database.durable()
    })
    this.#sweeper.sweep()
  }

  unclaim(set: SetId, blocks: readonly BlockRange[], groups: readonly GroupIndex[]): Promise<void> {
    return this.use(async () => {
      const known = this.known(set)
      for (const range of blocks) checkRange(known, range)
      this.database.transaction(() => {
        for (const range of blocks) this.index.unmark(known.serial, range)
        for (const group of groups) this.index.dropHashes(known.serial, group)
      })
      await this.database.durable()
    })
  }

  inspect(repair: boolean): Promise<StoreProblem[]> {
    return this.use(() => inspectFolder({ database: this.database, slabs: this.#slabs, space: this.#space, repair }))
  }

  /**
   * Copies everything that is held at this moment into a folder that is not there yet, catalog and all, while reading
   * and writing go on. Space of what is removed meanwhile is given back afterwards.
   * @throws StoreUnavailable, StoreFull
   */
  backUp(target: string, options: BackupOptions = {}): Promise<void> {
    return this.use(() => backUp(this.database, this.#slabs, target, options))
  }

  /** Resolves when the space of everything that was removed is given back. */
  async swept(): Promise<void> {
    await this.#sweeper.idle()
  }

  #isHeld({ serial }: SetRow, { start, count }: Run): boolean {
    const row = this.index.segment(serial, segmentOf(start))
    if (!row) return false
    for (let index = start; index < start + count; index++) if (!holds(row, index)) return false
    return true
  }

  /** Bytes first, claims after them. [ST1] */
  async #claim(claims: readonly Claim[]): Promise<void> {
    const slabs = claims.map((claim) => claim.slabs).reduce((all, some) => all.union(some), new Set<number>())
    await Promise.all([...slabs].map((slab) => this.#slabs.flush(slab)))
    this.database.transaction(() => {
      for (const claim of claims) {
        if (this.index.lives(claim.serial)) for (const run of claim.runs) this.index.mark(claim.serial, run)
        else claim.isLate = true
      }
    })
    await this.database.durable()
  }

  protected async end(): Promise<void> {
    await this.#sweeper.stop()
    await this.gate.drained()
    await this.#slabs.close()
  }
}
