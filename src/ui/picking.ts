export interface PickedFile {
  /** Place in the share: folders and name. */
  readonly path: string
  readonly file: File
}

/** Files of an `<input type=file>`; a folder picker's carry their place. */
export const pickedOf = (files: Iterable<File>): PickedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))

/** A text as a file, named after its first words. */
export function noteOf(text: string, otherwise: string): PickedFile {
  const firstLine = text.trim().split('\n', 1)[0]!.slice(0, noteNameMax)
  const name = `${firstLine.replaceAll(/[^\p{L}\p{N}_-]+/gu, ' ').trim() || otherwise}.txt`
  return { path: name, file: new File([text], name, { type: 'text/plain' }) }
}

/** Letters of a note's name. */
const noteNameMax = 40

/** Files and folders that were dropped. Call it within the drop event: the list is emptied right after. */
export async function droppedOf(transfer: DataTransfer): Promise<PickedFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === 'file')
  const entries = items.map((item) => item.webkitGetAsEntry())
  const loose = [...transfer.files]
  const picked: PickedFile[] = []
  for (const [at, entry] of entries.entries()) {
    if (entry) await collect(entry, picked)
    else if (loose[at]) picked.push({ path: loose[at].name, file: loose[at] })
  }
  return picked
}

async function collect(entry: FileSystemEntry, into: PickedFile[]): Promise<void> {
  if (entry.isDirectory) {
    for (const child of await childrenOf(entry as FileSystemDirectoryEntry)) await collect(child, into)
    return
  }
  const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
  into.push({ path: entry.fullPath.replace(/^\//, ''), file })
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  // A reader gives a hundred at a time, and nothing when it is done.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return children
    children.push(...some)
  }
}
