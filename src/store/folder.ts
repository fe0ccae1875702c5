import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuireError } from '../core/errors.ts'
import { StoreBlocked, StoreFailed, StoreNewer, StoreUnavailable } from './errors.ts'
import { fullOr } from './slot-file.ts'

/** What takes a folder from version 1 to 2, from 2 to 3, and so on. A change of the layout is a new entry here. */
const migrations: readonly ((folder: string) => Promise<void>)[] = []
const version = 1 + migrations.length

/**
 * Makes the folder ready: exists, belongs to this process alone, and has the layout of this version.
 * Resolves with what gives it back.
 * @throws StoreUnavailable, StoreBlocked, StoreNewer
 */
export async function openFolder(folder: string): Promise<() => Promise<void>> {
  try {
    await mkdir(join(folder, 'sets'), { recursive: true })
    const unlock = await lock(join(folder, 'lock'))
    await migrate(folder).catch(async (thrown) => {
      await unlock()
      throw thrown
    })
    return unlock
  } catch (thrown) {
    if (thrown instanceof QuireError) throw thrown
    throw new StoreUnavailable(`the folder cannot be used (${codeOf(thrown)})`, { cause: thrown })
  }
}

/** Two processes in one folder would undo each other's marks, so the second is told to wait. */
async function lock(path: string): Promise<() => Promise<void>> {
  const owner = Number(await readFile(path, 'utf8').catch(() => '0'))
  if (owner !== 0 && owner !== process.pid && isAlive(owner)) {
    throw new StoreBlocked(`another program (process ${owner}) uses the folder`)
  }
  await writeAtomically(path, String(process.pid))
  return () => rm(path, { force: true })
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM'
  }
}

async function migrate(folder: string): Promise<void> {
  const path = join(folder, 'format.json')
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  })
  const found = text === undefined ? version : versionIn(text)
  if (found > version) throw new StoreNewer()
  for (const step of migrations.slice(found - 1)) await step(folder)
  if (text === undefined || found < version) await writeAtomically(path, JSON.stringify({ version }))
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

/** After a crash the file has either its old or its new contents, whole. @throws StoreFull */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`
  try {
    const file = await open(fresh, 'w')
    try {
      await file.writeFile(text)
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

/** Makes names in a folder durable. Systems that cannot flush a folder do it by themselves. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

export const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown reason'

/** What of the system's errors a caller can act on. */
export function fileErrorOf(thrown: unknown): QuireError {
  const known = fullOr(thrown)
  return known instanceof QuireError ? known : new StoreFailed(codeOf(thrown), { cause: thrown })
}
