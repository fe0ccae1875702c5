import { QuireError } from '../core/errors.ts'

/** Asked for a block that is not durable here. */
export class BlockNotHeld extends QuireError {
  readonly code = 'block-not-held'
  readonly fault = 'ours'
  readonly retryable = true
  constructor(index: number) {
    super(`Block ${index} is not held here.`, { index })
  }
}

/** A data set that was never created, or was removed. */
export class UnknownSet extends QuireError {
  readonly code = 'unknown-set'
  readonly fault = 'ours'
  readonly retryable = false
  constructor() {
    super('This data set is not in the store.')
  }
}

/** A block with a place or size that its data set does not have. */
export class BlockMisplaced extends QuireError {
  readonly code = 'block-misplaced'
  readonly fault = 'ours'
  readonly retryable = false
  constructor(index: number) {
    super(`Block ${index} does not fit its data set.`, { index })
  }
}

/** The disk, or the browser's share of it, is full. What was stored before stays. */
export class StoreFull extends QuireError {
  readonly code = 'store-full'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('There is no room left to store this.', {}, options)
  }
}

/** The store cannot be opened or was taken away (private window, cleared by the person or the browser). */
export class StoreUnavailable extends QuireError {
  readonly code = 'store-unavailable'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('This browser does not let Quire store anything.', {}, options)
  }
}
