import type { StreamOpening } from '../../core/stream/messages.ts'
import type { FileView, Item, Quire } from '../../engine/types.ts'

/** Bytes that can be streamed: what they are called, how many, and how to read them. */
export interface StreamSource {
  readonly name: string
  readonly mimeType: string
  readonly sizeBytes: number
  /** `read` may begin anywhere. */
  readonly seekable: boolean
  /** Bytes `[start, end)` in order, pulled; what it gives out is the reader's to keep. */
  read(start: number, end: number): ReadableStream<Uint8Array>
}

/** A file of an item with its number. */
export interface NumberedFile {
  readonly index: number
  readonly file: FileView
}

export function fileSource(item: Item, { index, file }: NumberedFile): StreamSource {
  return {
    name: file.path.split('/').at(-1)!,
    mimeType: file.mimeType,
    sizeBytes: file.sizeBytes,
    seekable: true,
    read: (start, end) => item.read(index, start, end)
  }
}

/** What a stream's address names in this library, or undefined. */
export async function sourceOf(quire: Quire, { itemId, part }: StreamOpening): Promise<StreamSource | undefined> {
  const item = quire.item(itemId)
  if (!item) return undefined
  const files = await item.files()
  if (part === 'zip') {
    const { zipSource } = await import('./zip-source.ts')
    return zipSource(
      item,
      files.map((each, index) => ({ index, file: each }))
    )
  }
  const file = files[part]
  return file && fileSource(item, { index: part, file })
}
