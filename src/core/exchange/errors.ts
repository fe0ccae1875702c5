import { QuireError } from '../errors.ts'
import type { ByeCode } from './types.ts'

/** Base of what a peer did wrong, or what became of it; the session ends. */
abstract class PeerError extends QuireError {
  readonly fault = 'peer'
  readonly retryable = true
}

export class BadFrame extends PeerError {
  readonly code = 'bad-frame'
  constructor(reason: string) {
    super(`A peer sent something that makes no sense: ${reason}.`, { reason })
  }
}

export class BadBlock extends PeerError {
  readonly code = 'bad-block'
  constructor(index: number) {
    super(`Block ${index} from a peer failed its check and was thrown away.`, { index })
  }
}

export class BadProof extends PeerError {
  readonly code = 'bad-proof'
  constructor() {
    super('A peer could not prove that it knows this link.')
  }
}

export class WrongManifest extends PeerError {
  readonly code = 'wrong-manifest'
  constructor() {
    super('A peer described another data set than the link names.')
  }
}

export class Stalled extends PeerError {
  readonly code = 'stalled'
  constructor() {
    super('A peer stopped answering.')
  }
}

export class Overasked extends PeerError {
  readonly code = 'overasked'
  constructor(what: string) {
    super(`A peer asked for more than may be asked: ${what}.`, { what })
  }
}

/** It spoke of blocks past the end of the data set. */
export class BeyondEnd extends PeerError {
  readonly code = 'beyond-end'
  constructor() {
    super('A peer spoke of blocks that this data set does not have.')
  }
}

/** No room for another session or lane. Nobody's fault. */
export class TooMany extends PeerError {
  readonly code = 'too-many'
  constructor() {
    super('There are enough connections already.')
  }
}

export class PeerLeft extends PeerError {
  readonly code = 'peer-left'
  readonly bye: ByeCode
  constructor(bye: ByeCode) {
    super('A peer ended the exchange.', { bye })
    this.bye = bye
  }
}

/** The same two peers hold two sessions; one of them ends. Nobody's fault. */
export class Duplicate extends PeerError {
  readonly code = 'duplicate'
  constructor() {
    super('There is another connection to this peer.')
  }
}
