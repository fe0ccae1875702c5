import { decodeEnvelope, headerBytesOf } from '../core/envelope/envelope.ts'
import type { Manifest } from '../core/manifest/manifest.ts'
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
