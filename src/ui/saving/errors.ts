import { QuireError } from '../../core/errors.ts'

/** Without a service worker a save goes through memory, and this is too much for it. */
export class TooLargeToSave extends QuireError {
  readonly code = 'too-large-to-save'
  readonly fault = 'environment'
  readonly retryable = false
  constructor(sizeBytes: number) {
    super('This browser window cannot save files of this size.', { sizeBytes })
  }
}

/** The browser showed something instead of saving. */
export class SaveRefused extends QuireError {
  readonly code = 'save-refused'
  readonly fault = 'environment'
  readonly retryable = true
  constructor() {
    super('The browser did not start the download.')
  }
}
