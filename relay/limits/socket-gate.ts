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

/** How many connections of one kind, in all and of one address. */
export interface GateLimits {
  readonly socketsMax: number
  readonly socketsPerAddressMax: number
  readonly burst: number
  readonly perSecond: number
  readonly handshakesMax: number
  readonly handshakesPerAddressMax: number
}

const webSocketLimits: GateLimits = {
  socketsMax: relaySocketsMax,
  socketsPerAddressMax: relaySocketsPerAddressMax,
  burst: relaySocketBurst,
  perSecond: relaySocketsPerSecond,
  handshakesMax: relayHandshakesMax,
  handshakesPerAddressMax: relayHandshakesPerAddressMax
}

/** A connection that was let in. */
export interface Admitted {
  /** It has said who it is, or failed to. */
  readonly shaken: () => void
  readonly closed: () => void
}

/**
 * Who may open one more connection, a WebSocket by default. Those that have not said who they are yet count by themselves: they cost the relay
 * nothing but a place, and somebody who takes all places would lock everybody out. [RL16]
 */
export class SocketGate {
  readonly #limits: GateLimits
  readonly #arrivals: AddressBudgets
  readonly #sockets: AddressCounts
  readonly #handshakes: AddressCounts
  #socketCount = 0
  #handshakeCount = 0

  constructor(limits = webSocketLimits) {
    this.#limits = limits
    this.#arrivals = new AddressBudgets(limits.burst, limits.perSecond)
    this.#sockets = new AddressCounts(limits.socketsPerAddressMax)
    this.#handshakes = new AddressCounts(limits.handshakesPerAddressMax)
  }

  /** `key` is that of `limitKey`. Gives the limit that was met where it may not. */
  enter(nowMs: number, key: string | undefined): Admitted | LimitName {
    if (this.#socketCount >= this.#limits.socketsMax) return 'sockets'
    if (this.#handshakeCount >= this.#limits.handshakesMax) return 'handshakes'
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
