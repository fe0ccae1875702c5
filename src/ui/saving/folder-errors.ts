import { QuireError } from '../../core/errors.ts'

/** The chosen folder cannot be written. */
export class FolderRefused extends QuireError {
  readonly code = 'folder-refused'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(cause: unknown) {
    super('The folder could not be written.', {}, { cause })
  }
}

/** The browser writes no file of this name, nor of that of `more` others. */
export class NameRefused extends QuireError {
  readonly code = 'name-refused'
  readonly fault = 'environment'
  readonly retryable = false
  constructor(path = '', more = 0) {
    super('The browser refuses to write a file of this name.', { path, more })
  }
}
