import { QuireError } from '../core/errors.ts'

/** A peer was found and could not be reached, neither directly nor through a relay. */
export class PeerUnreachable extends QuireError {
  readonly code = 'peer-unreachable'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(options?: ErrorOptions) {
    super('A peer that has it could not be reached.', {}, options)
  }
}

/** A peer has as many lanes as one may have, and all are used. */
export class TooManyLanes extends QuireError {
  readonly code = 'too-many-lanes'
  readonly fault = 'peer'
  readonly retryable = true
  constructor() {
    super('There are too many connections to a peer.')
  }
}

/** A record that is not signed, too long, or names no address. */
export class BadRecord extends QuireError {
  readonly code = 'bad-record'
  readonly fault = 'peer'
  readonly retryable = false
  constructor(options?: ErrorOptions) {
    super('The record of a peer is not valid.', {}, options)
  }
}

/** What answers at a relay's address is no relay of Quire. */
export class NotARelay extends QuireError {
  readonly code = 'not-a-relay'
  readonly fault = 'environment'
  readonly retryable = true
  constructor(reason: string, options?: ErrorOptions) {
    super(`No relay of Quire answers there: ${reason}.`, { reason }, options)
  }
}

/** There is no relay at this address, and it says where its relays are. */
export class RelaysElsewhere extends QuireError {
  readonly code = 'relays-elsewhere'
  readonly fault = 'environment'
  readonly retryable = false
  readonly relays: readonly string[]
  constructor(relays: readonly string[]) {
    super('The relays of this address are elsewhere.')
    this.relays = relays
  }
}
