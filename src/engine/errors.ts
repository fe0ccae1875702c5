import { QuireError } from '../core/errors.ts'

/** The item was removed, perhaps in another tab. */
export class ItemGone extends QuireError {
  readonly code = 'item-gone'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('This item was removed.')
  }
}

/** A file within an item that the item does not have. */
export class NoSuchFile extends QuireError {
  readonly code = 'no-such-file'
  readonly fault = 'user'
  readonly retryable = false
  constructor(fileIndex: number) {
    super(`There is no file ${fileIndex} in this item.`, { fileIndex })
  }
}

/** Bytes past the end of a file, or a negative range. */
export class OutOfRange extends QuireError {
  readonly code = 'out-of-range'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('These bytes are not within the file.')
  }
}

/** In a page only blobs can be handed to the engine's worker. */
export class NotABlob extends QuireError {
  readonly code = 'not-a-blob'
  readonly fault = 'user'
  readonly retryable = false
  constructor(path: string) {
    super(`"${path}" is not a file or blob of this page; make it with fileSource or blobSource.`, { path })
  }
}

/** The page closed while the item was being read; the file has to be chosen again. */
export class AddingInterrupted extends QuireError {
  readonly code = 'adding-interrupted'
  readonly fault = 'environment'
  readonly retryable = false
  constructor() {
    super('Quire was closed while it was reading this. Choose the file again.')
  }
}

/** More would be stored than the person, the browser or the disk allows. */
export class NoRoom extends QuireError {
  readonly code = 'store-full'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(neededBytes: number, freeBytes: number) {
    super(`This needs ${neededBytes} bytes, and ${freeBytes} are free.`, { neededBytes, freeBytes })
  }
}

/** A plain data set is one file. */
export class PlainIsOneFile extends QuireError {
  readonly code = 'plain-is-one-file'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('A plain share holds exactly one file.')
  }
}

/** The work on a data set was ended; whoever waits for it need not show anything. */
export class DriverClosed extends QuireError {
  readonly code = 'stopped'
  readonly fault = 'user'
  readonly retryable = true
  constructor() {
    super('This was stopped.')
  }
}
