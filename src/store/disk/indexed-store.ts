import type { Bitmap } from '../../core/block/bitmap.ts'
import type { GroupIndex, SetId } from '../../core/ids.ts'
import type { HashGroup } from '../../core/merkle/group.ts'
import { checkGroup, checkHashes, checkSameShape, checkSetId, checkShape } from '../check.ts'
import { StoreClosed, UnknownSet } from '../errors.ts'
import { fileErrorOf } from '../folder.ts'
import type { SetShape } from '../types.ts'
import type { Database } from './database.ts'
import { Gate } from './gate.ts'
import type { SetRow, SetRows } from './set-rows.ts'

/** What is the same wherever the bytes of blocks lie: data sets, claims and hashes are rows of the database. */
export abstract class IndexedStore<Rows extends SetRows> {
  protected readonly database: Database
  protected readonly index: Rows
  /** Whoever uses bytes of blocks is inside, so that they are given to nobody else meanwhile. */
  protected readonly gate = new Gate()
  #closed = false

  constructor(database: Database, index: Rows) {
    this.database = database.retain()
    this.index = index
  }

  create(set: SetId, shape: SetShape): Promise<void> {
    return this.use(async () => {
      checkSetId(set)
      checkShape(shape)
      const known = this.index.find(set)
      if (known) checkSameShape(known, shape)
      else this.database.transaction(() => this.index.add(set, shape))
      await this.database.durable()
    })
  }

  shape(set: SetId): Promise<SetShape | undefined> {
    return this.use(async () => {
      const known = this.index.find(set)
      return known && { blockCount: known.blockCount, blockBytes: known.blockBytes }
    })
  }

  held(set: SetId): Promise<Bitmap | undefined> {
    return this.use(async () => {
      const known = this.index.find(set)
      const held = known && this.index.held(known)
      // A claim counts once it survives a power cut.
      await this.database.durable()
      return held
    })
  }

  putHashGroups(set: SetId, groups: readonly { group: GroupIndex; hashes: HashGroup }[]): Promise<void> {
    return this.use(async () => {
      const known = this.known(set)
      for (const { group, hashes } of groups) checkHashes(known, group, hashes)
      this.database.transaction(() => {
        for (const { group, hashes } of groups) this.index.addHashes(known.serial, group, hashes)
      })
      await this.database.durable()
    })
  }

  readHashGroup(set: SetId, group: GroupIndex): Promise<HashGroup | undefined> {
    return this.use(async () => {
      const known = this.known(set)
      checkGroup(known, group)
      return this.index.hashes(known.serial, group)
    })
  }

  sets(): Promise<SetId[]> {
    return this.use(async () => this.index.ids())
  }

  usedBytes(): Promise<number> {
    return this.use(async () => this.index.usedBytes())
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.end()
    await this.database.release()
  }

  /** Ends what goes on in the background, and waits for who is inside. */
  protected abstract end(): Promise<void>

  protected known(set: SetId): SetRow {
    const known = this.index.find(set)
    if (!known) throw new UnknownSet(set)
    return known
  }

  protected use<T>(work: () => Promise<T>): Promise<T> {
    return this.gate.during(async () => {
      if (this.#closed) throw new StoreClosed()
      try {
        return await work()
      } catch (thrown) {
        // What the caller called off needs no explanation.
        throw thrown instanceof DOMException ? thrown : fileErrorOf(thrown)
      }
    })
  }
}
