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
  /** Fills `target` with the bytes from `startBytes` on; what lies between files stays zero. */
  fill(target: Uint8Array, startBytes: number): Promise<void>
}

async function readExactly(source: FileSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(start, end)
  if (bytes.length !== end - start) throw new SourceChanged(source.path)
  return bytes
}

/** One file as it is. */
export function plainContent(source: FileSource): Content {
  return {
    sizeBytes: source.sizeBytes,
    async fill(target, startBytes) {
      const end = Math.min(startBytes + target.length, source.sizeBytes)
      target.set(await readExactly(source, startBytes, end))
    }
  }
}

/** Header, then every file on a block of its own, as the plan lays them out. `sources` in the order they were given to the plan. */
export function sealedContent(plan: EnvelopePlan, sources: readonly FileSource[]): Content {
  return {
    sizeBytes: plan.datasetBytes,
    async fill(target, startBytes) {
      const endBytes = startBytes + target.length
      if (startBytes < plan.header.length) target.set(plan.header.subarray(startBytes, endBytes))
      for (let i = firstFileAt(plan, startBytes); i < plan.files.length; i++) {
        const file = plan.files[i]!
        if (file.offsetBytes >= endBytes) break
        const from = Math.max(0, startBytes - file.offsetBytes)
        const to = Math.min(file.sizeBytes, endBytes - file.offsetBytes)
        if (to <= from) continue
        target.set(await readExactly(sources[file.sourceIndex]!, from, to), file.offsetBytes + from - startBytes)
      }
    }
  }
}

/** Index of the first file that does not end before `startBytes`; files lie in ascending order. */
function firstFileAt(plan: EnvelopePlan, startBytes: number): number {
  let low = 0
  let high = plan.files.length
  while (low < high) {
    const middle = (low + high) >> 1
    const file = plan.files[middle]!
    if (file.offsetBytes + file.sizeBytes <= startBytes) low = middle + 1
    else high = middle
  }
  return low
}
