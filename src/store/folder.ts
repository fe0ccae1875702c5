import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuireError } from '../core/errors.ts'
import { StoreBlocked, StoreFailed, StoreFull, StoreNewer, StoreUnavailable } from './errors.ts'

/** Of the folder's layout; 1 had a folder for each data set. The database within has versions of its own. */
const version = 2

/**
 * Makes the folder ready: it exists, and says that it is of this version, so that no older program writes into it. One
 * that is made is its owner's alone: the catalog holds what opens links. [ST26]
 * @throws StoreUnavailable, StoreNewer
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'format.json')
    const text = await textOrUndefined(path)
    const found = text === undefined ? 0 : versionIn(text)
    if (found > version) throw new StoreNewer()
    if (found < version) await writeAtomically(path, JSON.stringify({ version }))
  } catch (thrown) {
    if (thrown instanceof QuireError) throw thrown
    throw new StoreUnavailable(`the folder cannot be used (${codeOf(thrown)})`, { cause: thrown })
  }
}

function versionIn(text: string): number {
  try {
    const found: unknown = (JSON.parse(text) as { version?: unknown }).version
    if (Number.isInteger(found) && (found as number) >= 1) return found as number
  } catch {
    // Falls through: not JSON is as bad as a wrong number.
  }
  throw new StoreUnavailable('format.json in the folder is not readable')
}

/** The contents of a file; undefined where there is none. */
export async function textOrUndefined(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
}

/** After a crash the file has either its old or its new contents, whole. @throws StoreFull */
export async function writeAtomically(path: string, contents: string | Uint8Array, mode?: number): Promise<void> {
  const fresh = `${path}.new`
  try {
    const file = await open(fresh, 'w', mode)
    try {
      await file.writeFile(contents)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
    await flushFolder(join(path, '..'))
  } catch (thrown) {
    await rm(fresh, { force: true }).catch(() => {})
    throw fullOr(thrown)
  }
}

/** Writes all of `bytes` at `start`: of a disk that is nearly full, one call takes what fits and says nothing. @throws StoreFull */
export async function writeAll(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, start + done)
    if (bytesWritten === 0) throw new StoreFull()
    done += bytesWritten
  }
}

/** Makes names in a folder durable. Systems that cannot flush a folder do it by themselves. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

export const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown reason'

/** Results of SQLite that say what a caller can act on. */
const sqliteResult = { busy: 5, readOnly: 8, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 }

/** What of the system's and the database's errors a caller can act on. */
export function fileErrorOf(thrown: unknown): QuireError {
  const known = fullOr(thrown)
  if (known instanceof QuireError) return known
  // The lowest byte is the kind; what lies above tells it apart further.
  const result = ((thrown as { errcode?: number }).errcode ?? 0) & 0xff
  const options = { cause: thrown }
  switch (result) {
    case sqliteResult.busy:
      return new StoreBlocked('another program uses the folder', options)
    case sqliteResult.full:
      return new StoreFull(options)
    case sqliteResult.readOnly:
    case sqliteResult.cannotOpen:
      return new StoreUnavailable('its database cannot be written', options)
    case sqliteResult.corrupt:
    case sqliteResult.notADatabase:
      return new StoreFailed('its database is damaged', options)
    default:
      return new StoreFailed(codeOf(thrown), options)
  }
}

/** StoreFull where the system says that the disk or the share of this person is full; else what was thrown. */
function fullOr(thrown: unknown): unknown {
  const { code } = thrown as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' ? new StoreFull({ cause: thrown }) : thrown
}
