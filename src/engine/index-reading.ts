import { decodeEnvelope, headerBytesOf } from '../core/envelope/envelope.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
import { NoSuchFile, OutOfRange } from './errors.ts'
import type { FileView } from './types.ts'

/** A file with the position of its first byte in the data set. */
export interface PlacedFile extends FileView {
  readonly offsetBytes: number
}

/**
 * The files within a data set. Of a sealed one the first block is read (decrypted by `read`), which tells how long
 * the header is, then the rest of the header.
 */
export async function readIndex(
  kind: 'sealed' | 'plain',
  known: Promise<Manifest>,
  read: (start: number, end: number) => Promise<Uint8Array>
): Promise<readonly PlacedFile[]> {
  const manifest = await known
  if (kind === 'plain') return [plainFile(manifest)]
  const firstBlock = await read(0, Math.min(manifest.blockBytes, manifest.datasetBytes))
  const headerBytes = headerBytesOf(firstBlock)
  const header =
    headerBytes <= firstBlock.length ? firstBlock : await read(0, Math.min(headerBytes, manifest.datasetBytes))
  return decodeEnvelope(header, manifest.datasetBytes)
}

function plainFile(manifest: Manifest): PlacedFile {
  const path = manifest.fileName ?? manifest.treeCid
  const mimeType = manifest.mimeType ?? ''
  return { path, mimeType, sizeBytes: manifest.datasetBytes, modifiedAtMs: 0, offsetBytes: 0 }
}

export const viewOfFile = ({ path, sizeBytes, mimeType, modifiedAtMs }: PlacedFile): FileView => ({
  path,
  sizeBytes,
  mimeType,
  modifiedAtMs
})

/** Bytes `[start, end)` of one of the files, pulled. */
export function readFile(
  files: Promise<readonly PlacedFile[]>,
  readDataSet: (start: number, end: number) => ReadableStream<Uint8Array>,
  fileIndex: number,
  start: number,
  end: number
): ReadableStream<Uint8Array> {
  const opened = files.then((all) => {
    const file = all[fileIndex]
    if (!file) throw new NoSuchFile(fileIndex)
    if (start < 0 || end < start || end > file.sizeBytes) throw new OutOfRange()
    return readDataSet(file.offsetBytes + start, file.offsetBytes + end).getReader()
  })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await (await opened).read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await (await opened).cancel()
      }
    },
    { highWaterMark: 0 }
  )
}
