import { QuireError } from '../core/errors.ts'
import type { SetId } from '../core/ids.ts'

/** The browser or the disk gives no more room. What is held stays. */
export class StoreFull extends QuireError {
  readonly code = 'store-full'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('There is no room left to store more.', {}, options)
  }
}

/** Nothing can be kept here beyond this visit: the browser forbids it, or the folder cannot be used. */
export class StoreUnavailable extends QuireError {
  readonly code = 'store-unavailable'
  readonly fault = 'environment'
  readonly retryable = false
  constructor(why: string, options?: ErrorOptions) {
    super(`Nothing can be stored here: ${why}.`, {}, options)
  }
}

/** The store was closed, by its owner or by the surroundings, before or while it was asked. */
export class StoreClosed extends QuireError {
  readonly code = 'store-closed'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('The store is closed.', {}, options)
  }
}

/** Another tab or program holds the store in a way that does not let this one in yet. */
export class StoreBlocked extends QuireError {
  readonly code = 'store-blocked'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(why: string, options?: ErrorOptions) {
    super(`The store is in use: ${why}.`, {}, options)
  }
}

/** What is stored was written by a newer version of the program, which has to be loaded. */
export class StoreNewer extends QuireError {
  readonly code = 'store-newer'
  readonly fault = 'user'
  readonly retryable = false
  constructor(options?: ErrorOptions) {
    super('What is stored was written by a newer version.', {}, options)
  }
}

/** The disk or the browser's database failed in a way that may pass. */
export class StoreFailed extends QuireError {
  readonly code = 'store-failed'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(what: string, options?: ErrorOptions) {
    super(`The store failed: ${what}.`, {}, options)
  }
}

export class BlockNotHeld extends QuireError {
  readonly code = 'block-not-held'
  readonly fault = 'ours'
  readonly retryable = true
  readonly index: number
  constructor(index: number) {
    super(`Block ${index} is not held.`, { index })
    this.index = index
  }
}

/** Nobody created this data set here, or it was removed meanwhile. */
export class UnknownSet extends QuireError {
  readonly code = 'unknown-set'
  readonly fault = 'ours'
  readonly retryable = false
  constructor(set: SetId) {
    super('This data set is not in the store.', { set })
  }
}

/** A call that breaks the interface: an index beyond the end, bytes of a wrong length, another shape. */
export class BadStoreCall extends QuireError {
  readonly code = 'bad-store-call'
  readonly fault = 'ours'
  readonly retryable = false
}
