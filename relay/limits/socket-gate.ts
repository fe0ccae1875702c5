import {
  relayHandshakesMax,
  relayHandshakesPerAddressMax,
  relaySocketBurst,
  relaySocketsMax,
  relaySocketsPerAddressMax,
  relaySocketsPerSecond
} from '../../src/core/limits.ts'
import { AddressBudgets, AddressCounts } from './address-budgets.ts'
import type { LimitName } from './refusals.ts'

/** A WebSocket that was let in. */
export interface Admitted {
  /** It has said who it is, or failed to. */
  readonly shaken: () => void
  readonly closed: () => void
}

/**
 * Who may open one more WebSocket. Those that have not said who they are yet count by themselves: they cost the relay
 * nothing but a place, and somebody who takes all places would lock everybody out. [RL16]
 */
export class SocketGate {
  readonly #arrivals = new AddressBudgets(relaySocketBurst, relaySocketsPerSecond)
  readonly #sockets = new AddressCounts(relaySocketsPerAddressMax)
  readonly #handshakes = new AddressCounts(relayHandshakesPerAddressMax)
  #socketCount = 0
  #handshakeCount = 0

  /** `key` is that of `limitKey`. Gives the limit that was met where it may not. */
  enter(nowMs: number, key: string | undefined): Admitted | LimitName {
    if (this.#socketCount >= relaySocketsMax) return 'sockets'
    if (this.#handshakeCount >= relayHandshakesMax) return 'handshakes'
    if (!this.#arrivals.spend(nowMs, key)) return 'socket-rate'
    if (!this.#sockets.enter(key)) return 'sockets'
    if (!this.#handshakes.enter(key)) {
      this.#sockets.leave(key)
      return 'handshakes'
    }
    this.#socketCount++
    this.#handshakeCount++
    const shaken = once(() => {
      this.#handshakeCount--
      this.#handshakes.leave(key)
    })
    const closed = once(() => {
      shaken()
      this.#socketCount--
      this.#sockets.leave(key)
    })
    return { shaken, closed }
  }
}

function once(run: () => void): () => void {
  let done = false
  return () => {
    if (!done) run()
    done = true
  }
}
