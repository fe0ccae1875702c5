import { zipChunkBytes } from '../../core/limits.ts'
import { StreamFailed } from '../../core/stream/errors.ts'
import { crc32 } from '../../core/zip/crc32.ts'
import { type ZipEntry, zipSize, ZipWriter } from '../../core/zip/zip.ts'
import type { Item } from '../../engine/types.ts'
import type { NumberedFile, StreamSource } from './sources.ts'

/** Files of an item as one archive, made while it is read. */
export function zipSource(item: Item, files: readonly NumberedFile[]): StreamSource {
  const entries = files.map(({ index, file }) => ({
    index,
    path: file.path,
    sizeBytes: file.sizeBytes,
    modifiedAtMs: localReading(file.modifiedAtMs)
  }))
  return {
    name: `${plainName(item.peek().title)}.zip`,
    mimeType: 'application/zip',
    sizeBytes: zipSize(entries),
    seekable: false,
    read: () => zipStream(item, entries)
  }
}

type NumberedEntry = ZipEntry & { readonly index: number }

function zipStream(item: Item, entries: readonly NumberedEntry[]): ReadableStream<Uint8Array> {
  let current: ReadableStreamDefaultReader<Uint8Array> | undefined
  const parts = gathered(
    zipParts(entries, ({ index, sizeBytes }) => (current = item.read(index, 0, sizeBytes).getReader()))
  )
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await parts.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => current?.cancel(reason)
    },
    { highWaterMark: 0 }
  )
}

async function* zipParts(
  entries: readonly NumberedEntry[],
  open: (entry: NumberedEntry) => ReadableStreamDefaultReader<Uint8Array>
): AsyncGenerator<Uint8Array> {
  const writer = new ZipWriter()
  for (const entry of entries) {
    yield writer.begin(entry)
    let crc = 0
    let readBytes = 0
    const reader = open(entry)
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      crc = crc32(step.value, crc)
      readBytes += step.value.length
      yield step.value
    }
    if (readBytes !== entry.sizeBytes) throw new StreamFailed('too-few-bytes')
    yield writer.end(entry, crc)
  }
  yield* writer.directory()
}

/** Joins small pieces until they are worth a message; large ones pass as they are. */
async function* gathered(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let room = new Uint8Array(zipChunkBytes)
  let used = 0
  for await (const part of parts) {
    if (used + part.length > room.length && used > 0) {
      yield room.subarray(0, used)
      room = new Uint8Array(zipChunkBytes)
      used = 0
    }
    if (part.length > room.length) yield part
    else {
      room.set(part, used)
      used += part.length
    }
  }
  if (used > 0) yield room.subarray(0, used)
}

/** The instant whose UTC reading is the local reading of `atMs`, which is what archives hold. */
const localReading = (atMs: number): number => atMs - new Date(atMs).getTimezoneOffset() * 60_000

/** A title as a file name. */
// eslint-disable-next-line no-control-regex
const plainName = (title: string): string => title.replace(/[/\\:*?"<>|\u0000-\u001f]/g, '_').trim() || 'Quire'
