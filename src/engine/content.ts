import type { EnvelopePlan } from '../core/envelope/envelope.ts'
import { QuireError } from '../core/errors.ts'
import type { FileSource } from './types.ts'

/** A file was changed, truncated or removed while it was being read. */
export class SourceChanged extends QuireError {
  readonly code = 'source-changed'
  readonly fault = 'user'
  readonly retryable = true
  constructor(path: string, options?: ErrorOptions) {
    super(`"${path}" changed or went away while it was being read. Add it again.`, { path }, options)
  }
}

/** The plaintext of a data set, readable anywhere. */
export interface Content {
  readonly sizeBytes: number
  /** The bytes from `start` to `end`; what lies between files is zero. */
  read(start: number, end: number): Promise<Uint8Array>
  /** What is read is in a buffer of its own, which is the reader's. */
  readonly readsFresh: boolean
  /** As that of its source. */
  readonly whenReadable?: FileSource['whenReadable']
}

async function readExactly(source: FileSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(start, end)
  if (bytes.length !== end - start) throw new SourceChanged(source.path)
  return bytes
}

/** One file as it is. */
export function plainContent(source: FileSource): Content {
  const { sizeBytes, readsFresh = false, whenReadable } = source
  return { sizeBytes, readsFresh, whenReadable, read: (start, end) => readExactly(source, start, end) }
}

/** Header, then every file on a block of its own, as the plan lays them out. `sources` in the order they were given to the plan. */
export function sealedContent(plan: EnvelopePlan, sources: readonly FileSource[]): Content {
  const readFrom = (file: PlannedFile, start: number, end: number): Promise<Uint8Array> =>
    readExactly(sources[file.sourceIndex]!, start - file.offsetBytes, end - file.offsetBytes)
  return {
    sizeBytes: plan.datasetBytes,
    readsFresh: sources.every(({ readsFresh }) => readsFresh),
    async read(start, end) {
      const first = firstFileAt(plan, start)
      const only = plan.files[first]
      // Most reads of a large file lie within it: what was read is handed on, not copied.
      if (only && only.offsetBytes <= start && endOf(only) >= end) return readFrom(only, start, end)
      const bytes = new Uint8Array(end - start)
      if (start < plan.header.length) bytes.set(plan.header.subarray(start, end))
      // Side by side: each read of a small file is mostly waiting.
      const reads = Array.from(filesBetween(plan, first, end), async (file) => {
        const from = Math.max(start, file.offsetBytes)
        const to = Math.min(end, endOf(file))
        if (to > from) bytes.set(await readFrom(file, from, to), from - start)
      })
      await Promise.all(reads)
      return bytes
    }
  }
}

type PlannedFile = EnvelopePlan['files'][number]

const endOf = (file: PlannedFile): number => file.offsetBytes + file.sizeBytes

function* filesBetween(plan: EnvelopePlan, first: number, end: number): Iterable<PlannedFile> {
  for (let i = first; i < plan.files.length; i++) {
    const file = plan.files[i]!
    if (file.offsetBytes >= end) return
    yield file
  }
}

/** Index of the first file that does not end before `startBytes`; files lie in ascending order. */
function firstFileAt(plan: EnvelopePlan, startBytes: number): number {
  let low = 0
  let high = plan.files.length
  while (low < high) {
    const middle = (low + high) >> 1
    const file = plan.files[middle]!
    if (endOf(file) <= startBytes) low = middle + 1
    else high = middle
  }
  return low
}
