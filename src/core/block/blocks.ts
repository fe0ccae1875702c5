import { QuireError } from '../errors.ts'

/** Content without any byte makes no block, hence no tree and no address. [CI4] */
export class EmptyContent extends QuireError {
  readonly code = 'empty-content'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('There is nothing in it: an empty file cannot be shared.')
  }
}

/** Blocks that a data set of so many bytes is cut into. */
export const blockCountOf = (datasetBytes: number, blockBytes: number): number => Math.ceil(datasetBytes / blockBytes)

/** A whole block from what there is of it: zeros follow. The same array when it is whole already. [CI3] */
export function padBlock(bytes: Uint8Array, blockBytes: number): Uint8Array {
  if (bytes.length === blockBytes) return bytes
  const block = new Uint8Array(blockBytes)
  block.set(bytes)
  return block
}
