import { randomBytes } from 'node:crypto'
import { access, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Item } from '../src/engine/types.ts'
import { CannotSave } from './errors.ts'

/**
 * Writes all files of an item below `folder`: each to a name of its own first, renamed when it is whole and on disk,
 * so that a file under its name is always a whole one. A name that is taken gets a number. Returns the paths.
 */
export async function exportItem(item: Item, folder: string): Promise<string[]> {
  const files = await item.files()
  const written: string[] = []
  for (const [index, file] of files.entries()) {
    const target = await freeName(join(folder, file.path))
    try {
      await mkdir(dirname(target), { recursive: true })
      await writeWhole(item.read(index, 0, file.sizeBytes), file.sizeBytes, target)
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).syscall ? new CannotSave(target, { cause }) : cause
    }
    written.push(target)
  }
  return written
}

async function writeWhole(stream: ReadableStream<Uint8Array>, sizeBytes: number, target: string): Promise<void> {
  const part = `${target}.${randomBytes(4).toString('hex')}.part`
  const handle = await open(part, 'wx')
  try {
    let at = 0
    for await (const chunk of stream) {
      await handle.write(chunk, 0, chunk.length, at)
      at += chunk.length
    }
    if (at !== sizeBytes) throw new CannotSave(target)
    await handle.sync()
    await handle.close()
    await rename(part, target)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(part, { force: true })
    throw error
  }
}

async function freeName(path: string): Promise<string> {
  const dot = path.lastIndexOf('.')
  const at = dot > path.lastIndexOf('/') + 1 ? dot : path.length
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path.slice(0, at)} (${number})${path.slice(at)}`
    const taken = await access(name).then(
      () => true,
      () => false
    )
    if (!taken) return name
  }
}
