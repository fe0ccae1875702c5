import { SourceChanged } from './content.ts'
import type { FileSource } from './types.ts'

/**
 * A file of the page as a source. `path` is its place in the share; a `File` from a folder picker brings its own.
 * The platform itself refuses to read a file that changed since it was picked.
 */
export function fileSource(file: File, path = file.webkitRelativePath || file.name): FileSource {
  return blobSource(path, file, file.type, file.lastModified)
}

/** Any blob (a note, a pasted picture) as a source. */
export function blobSource(path: string, blob: Blob, mimeType = blob.type, modifiedAtMs = 0): FileSource {
  return {
    path,
    sizeBytes: blob.size,
    mimeType,
    modifiedAtMs,
    readsFresh: true,
    blob,
    async read(start, end) {
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer())
      } catch (cause) {
        throw new SourceChanged(path, { cause })
      }
    }
  }
}
