import type { BlockRange } from '../../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../../core/ids.ts'
import { s3RequestsMax, sweepRows } from '../../core/limits.ts'
import { checkBlocks, checkRange } from '../check.ts'
import { backUp } from '../disk/backup.ts'
import type { Database } from '../disk/database.ts'
import { IndexedStore } from '../disk/indexed-store.ts'
import { damagedPages } from '../disk/inspect.ts'
import { BlockNotHeld, UnknownSet } from '../errors.ts'
import type { InspectableStore, StoreProblem } from '../inspecting.ts'
import { blocksIn, type Run, runsOf } from '../runs.ts'
import type { PlacedBlock } from '../types.ts'
import type { Bucket } from './bucket.ts'
import { holds, ObjectIndex, type ObjectRow } from './object-index.ts'

/** A part of a read that lies in one object. */
interface Piece {
  readonly row: ObjectRow
  readonly start: number
  readonly count: number
}

/** Runs of blocks as objects of a bucket; which there are stands in the database of a folder. [ST24] */
export class S3BlockStore extends IndexedStore<ObjectIndex> implements InspectableStore {
  readonly #bucket: Bucket
  /** What all keys of this store begin with. */
  readonly #prefix: string
  /** Keys that are being written. */
  readonly #writing = new Set<string>()
  #sweeping: Promise<void> | undefined
  #stopped = false

  constructor(database: Database, bucket: Bucket, prefix: string) {
    super(database, new ObjectIndex(database))
    this.#bucket = bucket
    this.#prefix = prefix
    this.#sweep()
  }

  putBlocks(set: SetId, blocks: readonly PlacedBlock[]): Promise<void> {
    return this.use(async () => {
      const known = this.known(set)
      checkBlocks(known, blocks)
      const { serial } = known
      const fresh = blocks.filter(
        ({ index }) => !this.index.objects(serial, one(index)).some((row) => holds(row, index))
      )
      const runs = runsOf(fresh)
      if (runs.length === 0) return this.database.durable()
      // Known before they are written, so that none is ever forgotten in the bucket.
      this.database.transaction(() => runs.forEach((run) => this.index.begin(serial, run)))
      await this.database.durable()
      await inTurn(runs, (run) => this.#write(serial, run))
      this.database.transaction(() => {
        if (!this.index.lives(serial)) throw new UnknownSet(set)
        for (const run of runs) this.index.claim(serial, run)
      })
      await this.database.durable()
    })
  }

  readBlocks(set: SetId, range: BlockRange): Promise<Uint8Array[]> {
    return this.use(async () => {
      const known = this.known(set)
      checkRange(known, range)
      const { serial, blockBytes } = known
      const pieces = range.count === 0 ? [] : piecesOf(range, this.index.objects(serial, range))
      const read = new Uint8Array(range.count * blockBytes)
      await inTurn(pieces, async ({ row, start, count }) => {
        const key = this.#keyOf(serial, row)
        const bytes = await this.#bucket.get(key, (start - row.start) * blockBytes, count * blockBytes)
        if (!bytes) throw new BlockNotHeld(start)
        read.set(bytes, (start - range.start) * blockBytes)
      })
      return blocksIn(read, blockBytes)
    })
  }

  async remove(set: SetId): Promise<void> {
    await this.use(async () => {
      const known = this.index.find(set)
      if (known) this.database.transaction(() => this.index.remove(known))
      await this.database.durable()
    })
    this.#sweep()
  }

  unclaim(set: SetId, blocks: readonly BlockRange[], groups: readonly GroupIndex[]): Promise<void> {
    return this.use(async () => {
      const known = this.known(set)
      for (const range of blocks) checkRange(known, range)
      this.database.transaction(() => {
        for (const range of blocks) this.index.unclaim(known.serial, range)
        for (const group of groups) this.index.dropHashes(known.serial, group)
      })
      await this.database.durable()
    })
  }

  /** Objects that nothing refers to; those that are missing show when they are read. */
  inspect(repair: boolean): Promise<StoreProblem[]> {
    return this.use(async () => {
      const problems = damagedPages(this.database)
      if (problems.length > 0) return problems
      for await (const { key, sizeBytes } of this.#bucket.list(this.#prefix)) {
        if (this.#isReferred(key)) continue
        if (repair) await this.#bucket.delete(key)
        problems.push({ kind: 'orphan-bytes', sizeBytes, detail: key, isRepaired: repair })
      }
      return problems
    })
  }

  /**
   * Copies the catalog, and which blocks there are, into a folder that is not there yet; blocks stay in the bucket.
   * @throws StoreUnavailable, StoreFull
   */
  backUp(target: string): Promise<void> {
    return this.use(() => backUp(this.database, undefined, target, {}))
  }

  /** Resolves when the objects of everything that was removed are gone, or the bucket does not answer. */
  async swept(): Promise<void> {
    await this.#sweeping
  }

  protected async end(): Promise<void> {
    this.#stopped = true
    await this.#sweeping
    await this.gate.drained()
  }

  async #write(serial: number, run: Run): Promise<void> {
    const key = this.#keyOf(serial, run)
    this.#writing.add(key)
    try {
      await this.#bucket.put(key, run.bytes)
    } finally {
      this.#writing.delete(key)
    }
  }

  #keyOf(serial: number, { start, count }: Pick<ObjectRow, 'start' | 'count'>): string {
    return `${this.#prefix}${serial}/${start}-${count}`
  }

  #isReferred(key: string): boolean {
    if (this.#writing.has(key)) return true
    const [, serial, start, count] = /^(\d+)\/(\d+)-(\d+)$/.exec(key.slice(this.#prefix.length)) ?? []
    const row = this.index.object(Number(serial ?? -1), Number(start), Number(count))
    return row !== undefined && row.held.some((byte) => byte !== 0)
  }

  #sweep(): void {
    const before = this.#sweeping ?? Promise.resolve()
    // A bucket that does not answer is asked again at the next removal or opening: the rows stay.
    this.#sweeping = before.then(() => this.#clearRemoved()).catch(() => undefined)
  }

  async #clearRemoved(): Promise<void> {
    const serials = this.index.removed()
    if (serials.length === 0) return
    await this.gate.drained()
    for (const serial of serials) {
      for (let rows = this.index.someOf(serial, sweepRows); rows.length > 0;) {
        if (this.#stopped) return
        await inTurn(rows, (row) => this.#bucket.delete(this.#keyOf(serial, row)))
        this.database.transaction(() => rows.forEach((row) => this.index.drop(row)))
        rows = this.index.someOf(serial, sweepRows)
      }
      this.database.transaction(() => this.index.forget(serial))
    }
  }
}

const one = (index: number): BlockRange => ({ start: index, count: 1 })

/** Which object each part of a run is read from: always the one that reaches furthest. */
function piecesOf({ start, count }: BlockRange, rows: readonly ObjectRow[]): Piece[] {
  const pieces: Piece[] = []
  for (let index = start; index < start + count;) {
    const reaches = rows.map((row) => ({ row, count: reachOf(row, index, start + count) }))
    const best = reaches.reduce((a, b) => (b.count > a.count ? b : a), { row: undefined, count: 0 } as Reach)
    if (!best.row) throw new BlockNotHeld(index)
    pieces.push({ row: best.row, start: index, count: best.count })
    index += best.count
  }
  return pieces
}

interface Reach {
  readonly row: ObjectRow | undefined
  readonly count: number
}

function reachOf(row: ObjectRow, start: number, end: number): number {
  let index = start
  while (index < end && holds(row, index)) index++
  return index - start
}

/** So many at one time; the first failure is told once all have ended. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const workers = Array.from({ length: Math.min(s3RequestsMax, items.length) }, async () => {
    while (next < items.length) await work(items[next++]!)
  })
  for (const done of await Promise.allSettled(workers)) if (done.status === 'rejected') throw done.reason
}
