import { QuireError } from '../errors.ts'

export { EmptyContent } from '../block/blocks.ts'

export class TooManyFiles extends QuireError {
  readonly code = 'too-many-files'
  readonly fault = 'user'
  readonly retryable = false
  constructor(count: number, most: number) {
    super(`${count} files are more than one share holds (${most}). Share them in several parts.`, { count, most })
  }
}

/** The names of all files together are more than an index holds. */
export class NamesTooLong extends QuireError {
  readonly code = 'names-too-long'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('The names of these files are together too long for one share. Share them in several parts.')
  }
}

export class TooLarge extends QuireError {
  readonly code = 'too-large'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('This is more than one share holds. Share it in several parts.')
  }
}

/** What was decrypted is no envelope: another key, or made by something else than Quire. */
export class BadEnvelope extends QuireError {
  readonly code = 'bad-envelope'
  readonly fault = 'peer'
  readonly retryable = false
  constructor(reason: string) {
    super(`This was not sealed by Quire, or its key is another one: ${reason}.`, { reason })
  }
}

export class NewerEnvelope extends QuireError {
  readonly code = 'newer-version'
  readonly fault = 'user'
  readonly retryable = false
  constructor() {
    super('This was sealed by a newer version. Update Quire to open it.')
  }
}
