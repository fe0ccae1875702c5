import type { Item } from '../../engine/types.ts'
import type { SaveOutcome } from '../stream-host.ts'
import { fileSource, type NumberedFile, type StreamSource } from '../streaming/sources.ts'
import { StreamFailed } from '../../core/stream/errors.ts'
import { FolderRefused, NameRefused } from './folder-errors.ts'
import type { FolderPicker } from './folder-picker.ts'

/** Asks for a folder and writes the files into it; to be called from a click. A file is there whole, or not at all. */
export async function saveIntoFolder(
  item: Item,
  files: readonly NumberedFile[],
  pick: FolderPicker
): Promise<SaveOutcome> {
  let home: FileSystemDirectoryHandle
  try {
    home = await pick({ mode: 'readwrite' })
  } catch (error) {
    if ((error as Error).name === 'AbortError') return 'declined'
    throw new FolderRefused(error)
  }
  const refused: string[] = []
  for (const numbered of files) {
    const { path } = numbered.file
    try {
      let folder = home
      for (const name of path.split('/').slice(0, -1))
        folder = await refusable(folder.getDirectoryHandle(name, { create: true }))
      await writeFile(folder, fileSource(item, numbered))
    } catch (error) {
      if (!(error instanceof NameRefused)) throw error
      refused.push(path)
    }
  }
  const [first] = refused
  if (first !== undefined) throw new NameRefused(first, refused.length - 1)
  return 'saved'
}

async function writeFile(folder: FileSystemDirectoryHandle, source: StreamSource): Promise<void> {
  const name = await freeName(folder, source.name)
  const handle = await refusable(folder.getFileHandle(name, { create: true }))
  try {
    const writable = await refusable(handle.createWritable())
    // What was written counts only once the stream is closed; an aborted pipe leaves nothing.
    await source.read(0, source.sizeBytes).pipeTo(writable)
    const { size } = await handle.getFile()
    if (size !== source.sizeBytes) throw new StreamFailed('too-few-bytes')
  } catch (error) {
    await folder.removeEntry(name).catch(() => {})
    throw error
  }
}

/** `name`, or with a number where the folder has it already: nothing of the person's is written over. */
async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${stem} (${n})${ending}`
    if (!(await holds(folder, candidate))) return candidate
  }
}

async function holds(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name)
    return true
  } catch (error) {
    const { name: kind } = error as Error
    if (kind === 'NotFoundError') return false
    // A folder of that name.
    if (kind === 'TypeMismatchError') return true
    throw refusal(error)
  }
}

async function refusable<T>(wish: Promise<T>): Promise<T> {
  try {
    return await wish
  } catch (error) {
    throw refusal(error)
  }
}

/** A TypeError: browsers write nothing under a name that a system acts upon merely because it is there, as `x.lnk`. */
const refusal = (error: unknown): Error => (error instanceof TypeError ? new NameRefused() : new FolderRefused(error))
