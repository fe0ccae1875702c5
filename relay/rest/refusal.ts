import { QuireError } from '../../src/core/errors.ts'

/** An answer other than success: a status and one plain sentence, which is all that the client gets. */
export class RestRefusal extends QuireError {
  readonly code = 'rest-refused'
  readonly fault = 'user'
  readonly retryable = false
  readonly status: number
  constructor(status: number, sentence: string) {
    super(sentence, { status })
    this.status = status
  }
}

export const notRetrieved = (reason: string): RestRefusal =>
  new RestRefusal(404, `The requested CID could not be retrieved (${reason}).`)
