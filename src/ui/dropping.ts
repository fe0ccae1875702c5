import type { PickedFile } from './picking.ts'
import { sheet } from './sheet-messages.ts'
import type { Page } from './state/page.ts'

interface Found {
  readonly picked: PickedFile[]
  /** Places of what the browser could not read: removed meanwhile, or of somebody else. */
  readonly unread: string[]
}

/** A folder that takes longer says at this pace how far it is. */
const tellMs = 3_000

/** Shares what was dropped, and names what could not be read of it. */
export async function shareDropped(
  dropped: readonly (FileSystemEntry | File)[],
  { announcer, share }: { announcer: Pick<Page['announcer'], 'note'>; share: Page['share'] }
): Promise<void> {
  const found: Found = { picked: [], unread: [] }
  const telling = setInterval(() => announcer.note(sheet.dropped.reading(found.picked.length)), tellMs)
  for (const each of dropped) await collect(each, found)
  clearInterval(telling)

  const { picked, unread } = found
  const [first] = unread
  const words = first === undefined ? sheet.dropped.none : sheet.dropped.unread(first, unread.length - 1)
  if (picked.length === 0) return announcer.note(words)
  if (first !== undefined) announcer.note(`${words} ${sheet.dropped.leftOut}`)
  await share(picked)
}

async function collect(dropped: FileSystemEntry | File, into: Found): Promise<void> {
  if (dropped instanceof File) {
    into.picked.push({ path: dropped.name, file: dropped })
    return
  }
  const path = dropped.fullPath.replace(/^\//, '')
  try {
    if (dropped.isDirectory) await collectFolder(dropped as FileSystemDirectoryEntry, into)
    else into.picked.push({ path, file: await fileOf(dropped as FileSystemFileEntry) })
  } catch {
    into.unread.push(path)
  }
}

async function collectFolder(folder: FileSystemDirectoryEntry, into: Found): Promise<void> {
  const reader = folder.createReader()
  // A reader gives a hundred at a time, and nothing when it is done.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const entry of some) await collect(entry, into)
  }
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))
