import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { databaseCacheBytes } from '../../core/limits.ts'
import { StoreBlocked, StoreNewer } from '../errors.ts'
import { fileErrorOf, flushFolder } from '../folder.ts'
import { GroupCommit } from '../group-commit.ts'
import { migrations } from './schema.ts'

export const databaseName = 'store.db'

/**
 * The SQLite database of a folder. A transaction is there after the end of the process once it is committed; after a
 * power cut once `durable` resolves: the log is flushed off this thread, and callers who come meanwhile share a flush.
 */
export class Database {
  readonly #sqlite: DatabaseSync
  readonly #log: FileHandle
  readonly #flushes = new GroupCommit<undefined>(async () => {
    const flushed = this.#changes
    await this.#log.datasync()
    this.#flushedChanges = Math.max(this.#flushedChanges, flushed)
  })
  #changes = 1
  #flushedChanges = 0
  #users = 0

  private constructor(sqlite: DatabaseSync, log: FileHandle) {
    this.#sqlite = sqlite
    this.#log = log
  }

  /** Opens it, makes it if absent, and has it alone until it is closed. @throws StoreBlocked, StoreNewer, StoreFailed */
  static async open(folder: string): Promise<Database> {
    let sqlite: DatabaseSync | undefined
    try {
      sqlite = new DatabaseSync(join(folder, databaseName))
      prepareDatabase(sqlite)
      const log = await open(join(folder, `${databaseName}-wal`), 'r+')
      await flushFolder(folder)
      const database = new Database(sqlite, log)
      await database.durable()
      return database
    } catch (thrown) {
      sqlite?.close()
      throw fileErrorOf(thrown)
    }
  }

  prepare(sql: string): StatementSync {
    return this.#sqlite.prepare(sql)
  }

  /** All of it or nothing. `work` cannot wait for anything, so that transactions never mix. */
  transaction<T>(work: () => T): T {
    this.#sqlite.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#sqlite.exec('COMMIT')
      this.#changes++
      return result
    } catch (thrown) {
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK')
      throw thrown
    }
  }

  /** Resolves when everything that was committed until now survives a power cut. */
  async durable(): Promise<void> {
    if (this.#flushedChanges < this.#changes) await this.#flushes.add(undefined)
  }

  /** Another part of the store uses it from now on. */
  retain(): this {
    this.#users++
    return this
  }

  /** Closed when the last user has released it. */
  async release(): Promise<void> {
    if (--this.#users > 0) return
    await this.#flushes.idle()
    this.#sqlite.close()
    await this.#log.close()
  }

  /** For what SQLite offers for a whole database: backup. */
  get sqlite(): DatabaseSync {
    return this.#sqlite
  }
}

function prepareDatabase(sqlite: DatabaseSync): void {
  // Space of what is removed can be given back; only a new database takes this.
  sqlite.exec('PRAGMA auto_vacuum = INCREMENTAL')
  // The lock is the system's: it ends with the process, however that ends.
  sqlite.exec('PRAGMA locking_mode = EXCLUSIVE')
  try {
    sqlite.exec('PRAGMA journal_mode = WAL')
  } catch (thrown) {
    const busy = 5
    if ((thrown as { errcode?: number }).errcode === busy) {
      throw new StoreBlocked('another program uses the folder', { cause: thrown })
    }
    throw thrown
  }
  // The log is flushed by `durable`, and by SQLite before it takes pages over into the database.
  sqlite.exec('PRAGMA synchronous = NORMAL')
  sqlite.exec(`PRAGMA cache_size = ${-databaseCacheBytes / 1024}`)
  migrate(sqlite)
}

function migrate(sqlite: DatabaseSync): void {
  const { user_version: found } = sqlite.prepare('PRAGMA user_version').get() as { user_version: number }
  if (found > migrations.length) throw new StoreNewer()
  // Written even where nothing changes: there is a log from now on, and the folder is known to be writable.
  sqlite.exec('BEGIN IMMEDIATE')
  for (const step of migrations.slice(found)) sqlite.exec(step)
  sqlite.exec(`PRAGMA user_version = ${migrations.length}`)
  sqlite.exec('COMMIT')
}
