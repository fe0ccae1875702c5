import { randomBytes } from 'node:crypto'
import { access, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { exportAheadBytes, exportFilesMax } from '../src/core/limits.ts'
import type { FileView, Item } from '../src/engine/types.ts'
import { flushFolder, writeAll } from '../src/store/folder.ts'
import { CannotSave } from './errors.ts'

/**
 * Writes all files of an item below `folder`: each to a name of its own first, renamed when it is whole and on disk,
 * so that a file under its name is always a whole one. A name that is taken gets a number. Small files are written side
 * by side, since most of the time each waits for the disk. Returns the paths once they are durable. What is under way
 * when the signal aborts goes.
 */
export async function exportItem(item: Item, folder: string, signal?: AbortSignal): Promise<string[]> {
  const files = await item.files()
  const { targets, folders } = await placesOf(files, folder)
  await sideBySide(files, (index) => {
    const { sizeBytes } = files[index]!
    return writeFile(() => item.read(index, 0, sizeBytes), { sizeBytes, target: targets[index]!, signal })
  })
  await Promise.all(Array.from(folders, flushFolder))
  return targets
}

/** Where each file goes, and the folders for that, which are made. */
async function placesOf(files: readonly FileView[], folder: string) {
  const targets: string[] = []
  const taken = new Set<string>()
  const folders = new Set<string>()
  for (const { path } of files) {
    const wish = join(folder, path)
    const parent = dirname(wish)
    if (!folders.has(parent)) await reported(wish, mkdir(parent, { recursive: true }))
    folders.add(parent)
    const target = await freeName(wish, taken)
    taken.add(target)
    targets.push(target)
  }
  return { targets, folders }
}

/** So many at a time that all together hold little. Rejects with the first failure, when nothing is under way any more. */
async function sideBySide(files: readonly FileView[], write: (index: number) => Promise<void>): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  let aheadBytes = 0
  for (const [index, { sizeBytes }] of files.entries()) {
    while (underWay.size === exportFilesMax || (underWay.size > 0 && aheadBytes + sizeBytes > exportAheadBytes)) {
      await Promise.race(underWay)
    }
    if (failures.length > 0) break
    aheadBytes += sizeBytes
    const writing = write(index)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        underWay.delete(writing)
        aheadBytes -= sizeBytes
      })
    underWay.add(writing)
  }
  await Promise.all(underWay)
  if (failures.length > 0) throw failures[0]
}

interface FileToWrite {
  readonly sizeBytes: number
  readonly target: string
  readonly signal?: AbortSignal
}

async function writeFile(read: () => ReadableStream<Uint8Array>, file: FileToWrite): Promise<void> {
  const { target, signal } = file
  const part = `${target}.${randomBytes(4).toString('hex')}.part`
  try {
    signal?.throwIfAborted()
    const handle = await open(part, 'wx')
    try {
      await copyTo(handle, read(), file)
    } finally {
      await handle.close()
    }
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined) // the first error is the one to tell
    throw savingErrorOf(error, target)
  }
}

async function copyTo(handle: FileHandle, stream: ReadableStream<Uint8Array>, file: FileToWrite): Promise<void> {
  const { sizeBytes, target, signal } = file
  let at = 0
  for await (const chunk of stream) {
    signal?.throwIfAborted()
    await writeAll(handle, chunk, at)
    at += chunk.length
  }
  if (at !== sizeBytes) throw new CannotSave(target)
  await handle.datasync()
}

async function freeName(path: string, taken: ReadonlySet<string>): Promise<string> {
  const end = extname(path)
  const stem = path.slice(0, path.length - end.length)
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${stem} (${number})${end}`
    if (!taken.has(name) && !(await exists(name))) return name
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )

const reported = <T>(target: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw savingErrorOf(error, target)
  })

/** What the system says is told with the file that it is about. */
const savingErrorOf = (error: unknown, target: string): unknown =>
  (error as NodeJS.ErrnoException).syscall ? new CannotSave(target, { cause: error }) : error
