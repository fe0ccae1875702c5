import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb'
import { QuireError } from '../core/errors.ts'
import type { HashGroup } from '../core/merkle/group.ts'
import {
  BadStoreCall,
  StoreBlocked,
  StoreClosed,
  StoreFailed,
  StoreFull,
  StoreNewer,
  StoreUnavailable
} from './errors.ts'
import type { ItemRecord } from './types.ts'

/** Where the blocks of a data set rest: as records of this database, or in a file of the origin's private file system. */
export type BlockHome = 'records' | 'file'

export interface SetRecord {
  /** Given by the database, never reused: what other tables and files name the data set by. */
  readonly serial: number
  readonly set: string
  readonly blockCount: number
  readonly blockBytes: number
  readonly home: BlockHome
  readonly heldBlocks: number
  readonly hashesBytes: number
}

/** Version 1 of what a browser stores. A change to it is a new migration, never an edit of an old one. */
export interface QuireSchema extends DBSchema {
  sets: { key: number; value: SetRecord; indexes: { set: string } }
  /** Bitmap pages by [serial, page]. */
  held: { key: [number, number]; value: Uint8Array<ArrayBuffer> }
  /** Runs of blocks within one segment by [serial, index of the first block]. */
  blocks: { key: [number, number]; value: { readonly start: number; readonly bytes: Uint8Array<ArrayBuffer> } }
  /** Leaf hashes by [serial, group]. */
  hashes: { key: [number, number]; value: HashGroup }
  items: { key: string; value: ItemRecord; indexes: { manifestCid: string } }
  values: { key: string; value: unknown }
}

export type Table = StoreNames<QuireSchema>
export type Transaction<M extends IDBTransactionMode> = IDBPTransaction<QuireSchema, Table[], M>

/** What takes a database from each version to the next. */
const migrations: readonly ((db: IDBPDatabase<QuireSchema>) => void)[] = [
  (db) => {
    db.createObjectStore('sets', { keyPath: 'serial', autoIncrement: true }).createIndex('set', 'set', { unique: true })
    db.createObjectStore('held')
    db.createObjectStore('blocks')
    db.createObjectStore('hashes')
    db.createObjectStore('items', { keyPath: 'id' }).createIndex('manifestCid', 'manifestCid')
    db.createObjectStore('values')
  }
]

/**
 * The browser's database, opened when first asked and again after the browser closed it. It gives way to a newer
 * version of the program in another tab: from then on it says StoreNewer.
 */
export class Database {
  readonly #name: string
  #opening: Promise<IDBPDatabase<QuireSchema>> | undefined
  #closed = false

  constructor(name: string) {
    this.#name = name
  }

  /**
   * Runs `work` in one transaction and resolves when that is durable. What `work` awaits must be requests of the
   * transaction. If it throws, nothing is changed.
   * @throws StoreFull, StoreClosed, StoreBlocked, StoreNewer, StoreFailed, StoreUnavailable
   */
  async write<T>(tables: Table[], work: (tx: Transaction<'readwrite'>) => Promise<T>): Promise<T> {
    return this.#run(tables, 'readwrite', work)
  }

  async read<T>(tables: Table[], work: (tx: Transaction<'readonly'>) => Promise<T>): Promise<T> {
    return this.#run(tables, 'readonly', work)
  }

  async close(): Promise<void> {
    this.#closed = true
    const opening = this.#opening
    this.#opening = undefined
    const db = await opening?.catch(() => undefined)
    db?.close()
  }

  async #run<M extends 'readonly' | 'readwrite', T>(
    tables: Table[],
    mode: M,
    work: (tx: Transaction<M>) => Promise<T>
  ): Promise<T> {
    if (this.#closed) throw new StoreClosed()
    try {
      const tx = await this.#begin(tables, mode)
      // Both are awaited together, so that the failure of one never leaves the other unheard.
      const [result] = await Promise.all([workOrAbort(tx, work), tx.done])
      return result
    } catch (thrown) {
      throw storeErrorOf(thrown)
    }
  }

  /** A connection that the browser closed may say so only now: then a new one is opened. */
  async #begin<M extends 'readonly' | 'readwrite'>(tables: Table[], mode: M): Promise<Transaction<M>> {
    const begun = async () =>
      (await (this.#opening ??= this.#open())).transaction(tables, mode, { durability: 'strict' })
    try {
      return await begun()
    } catch (thrown) {
      if (nameOf(thrown) !== 'InvalidStateError' || this.#closed) throw thrown
      this.#opening = undefined
      return begun()
    }
  }

  async #open(): Promise<IDBPDatabase<QuireSchema>> {
    const forget = () => {
      this.#opening = undefined
    }
    try {
      return await openOrBlocked(this.#name, forget)
    } catch (thrown) {
      forget()
      throw openErrorOf(thrown)
    }
  }
}

async function openOrBlocked(name: string, forget: () => void): Promise<IDBPDatabase<QuireSchema>> {
  if (typeof indexedDB === 'undefined') throw new StoreUnavailable('there is no IndexedDB')
  const blocked = Promise.withResolvers<never>()
  const opening = openDB<QuireSchema>(name, migrations.length, {
    upgrade: (db, oldVersion) => migrations.slice(oldVersion).forEach((migrate) => migrate(db)),
    blocked: () => blocked.reject(new StoreBlocked('another tab holds an older version open')),
    blocking: (_current, _blocked, event) => {
      forget()
      ;(event.target as IDBDatabase).close()
    },
    terminated: forget
  })
  // Should it open after all, nobody waits for it any more.
  blocked.promise.catch(() => opening.then((db) => db.close()).catch(() => {}))
  return Promise.race([opening, blocked.promise])
}

async function workOrAbort<M extends 'readonly' | 'readwrite', T>(
  tx: Transaction<M>,
  work: (tx: Transaction<M>) => Promise<T>
): Promise<T> {
  try {
    return await work(tx)
  } catch (thrown) {
    try {
      tx.abort()
    } catch {
      // It has ended already, by the failure that is thrown on.
    }
    // An aborted transaction knows better than its last request why: a full disk shows only there.
    throw isQuotaError(tx.error) ? tx.error : thrown
  }
}

const isQuotaError = (thrown: unknown): boolean => nameOf(thrown) === 'QuotaExceededError'

const nameOf = (thrown: unknown): string =>
  thrown instanceof Error || thrown instanceof DOMException ? thrown.name : ''

/** What of the browser's errors a caller can act on. */
export function storeErrorOf(thrown: unknown): QuireError {
  if (thrown instanceof QuireError) return thrown
  const options = { cause: thrown }
  switch (nameOf(thrown)) {
    case 'QuotaExceededError':
      return new StoreFull(options)
    case 'InvalidStateError':
    case 'AbortError':
    case 'TransactionInactiveError':
      return new StoreClosed(options)
    case 'VersionError':
      return new StoreNewer(options)
    case 'DataError':
    case 'DataCloneError':
      return new BadStoreCall('This value cannot be stored.', {}, options)
    default:
      return new StoreFailed(nameOf(thrown) || 'unknown reason', options)
  }
}

/** A database that does not open at all: the browser forbids it, or something passes. */
function openErrorOf(thrown: unknown): QuireError {
  const forbidden = ['SecurityError', 'NotSupportedError', 'InvalidStateError', 'NotAllowedError']
  if (forbidden.includes(nameOf(thrown))) return new StoreUnavailable('the browser forbids it', { cause: thrown })
  return storeErrorOf(thrown)
}
