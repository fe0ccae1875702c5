export interface PickedFile {
  /** Place in the share: folders and name. */
  readonly path: string
  readonly file: File
}

/** Files of an `<input type=file>`; a folder picker's carry their place. */
export const pickedOf = (files: Iterable<File>): PickedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))

/** Files and folders that were dropped. Call it within the drop event: the lists are emptied right after. */
export const droppedOf = ({ items, files }: DataTransfer): (FileSystemEntry | File)[] =>
  [...items].filter(({ kind }) => kind === 'file').flatMap((item, at) => item.webkitGetAsEntry() ?? files[at] ?? [])
