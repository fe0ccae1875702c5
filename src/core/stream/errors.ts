import { QuireError } from '../errors.ts'

/** No open page of ours answered: the bytes are read by pages, not by the worker. */
export class NoPageAnswered extends QuireError {
  readonly code = 'no-page-answered'
  readonly fault = 'environment'
  readonly retryable = true
  constructor() {
    super('Quire is not open in any tab, so nothing can be read.')
  }
}

/** Every page that was asked has no such item or file. */
export class StreamUnknown extends QuireError {
  readonly code = 'stream-unknown'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('There is no such file in this library.')
  }
}

/** The page that answered was closed, or does not answer any more. */
export class PageGone extends QuireError {
  readonly code = 'page-gone'
  readonly fault = 'environment'
  readonly retryable = true
  constructor() {
    super('The tab that was reading this file is gone.')
  }
}

/** The page could not read on, or gave another number of bytes than it said. */
export class StreamFailed extends QuireError {
  readonly code = 'stream-failed'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(cause: string) {
    super(`This file could not be read to its end (${cause}).`, { cause })
  }
}
