export type FolderPicker = (options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>

/** The browser's question for a folder, where it has one. */
export function folderPicker(): FolderPicker | undefined {
  const { showDirectoryPicker } = globalThis as { showDirectoryPicker?: FolderPicker }
  return showDirectoryPicker?.bind(globalThis)
}
