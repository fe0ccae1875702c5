import { relayRetryMs, relayRetryMsMax } from '../core/limits.ts'
import type { RelayStatus } from './types.ts'

export type SupervisorInput =
  | { type: 'add'; url: string }
  | { type: 'up'; url: string }
  | { type: 'failed'; url: string }
  /** The connection, or the reservation on it, is gone. */
  | { type: 'lost'; url: string }
  /** Look at everything now: the person asked, the tab woke, the network changed. */
  | { type: 'nudge' }
  | { type: 'wake' }

export type SupervisorEffect =
  | { type: 'connect'; url: string }
  /** It may have died in its sleep: ask it something, and say `lost` when it does not answer. */
  | { type: 'probe'; url: string }

interface Relay {
  state: 'waiting' | 'connecting' | 'up'
  failures: number
  nextTryAtMs: number
}

/** Relays a tab holds on to at once: enough that any may fail. */
const relaysMax = 8

/** Keeps a reservation at every relay: connects, notices loss, tries again with growing pauses. SPEC: NW1 to NW4. */
export class RelaySupervisor {
  readonly #relays = new Map<string, Relay>()
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  handle(nowMs: number, input: SupervisorInput): SupervisorEffect[] {
    switch (input.type) {
      case 'add':
        if (!this.#relays.has(input.url) && this.#relays.size < relaysMax) {
          this.#relays.set(input.url, { state: 'waiting', failures: 0, nextTryAtMs: nowMs })
        }
        break
      case 'up':
        this.#update(input.url, (relay) => Object.assign(relay, { state: 'up', failures: 0 }))
        break
      case 'failed':
        this.#update(input.url, (relay) => {
          relay.state = 'waiting'
          relay.nextTryAtMs = nowMs + this.#pauseMs(relay.failures++)
        })
        break
      case 'lost':
        this.#update(input.url, (relay) => {
          if (relay.state !== 'up') return
          Object.assign(relay, { state: 'waiting', failures: 0, nextTryAtMs: nowMs + this.#pauseMs(0) })
        })
        break
      case 'nudge':
        for (const relay of this.#relays.values()) if (relay.state === 'waiting') relay.nextTryAtMs = nowMs
        return [...this.#due(nowMs), ...this.#probes()]
      case 'wake':
    }
    return this.#due(nowMs)
  }

  wakeAtMs(): number {
    let earliest = Infinity
    for (const relay of this.#relays.values()) {
      if (relay.state === 'waiting') earliest = Math.min(earliest, relay.nextTryAtMs)
    }
    return earliest
  }

  statuses(): RelayStatus[] {
    return [...this.#relays].map(([url, { state, failures, nextTryAtMs }]) => {
      if (state === 'up') return { url, state: 'reserved' }
      if (state === 'connecting' && failures === 0) return { url, state: 'connecting' }
      return { url, state: 'unreachable', nextTryAtMs: state === 'waiting' ? nextTryAtMs : undefined }
    })
  }

  #due(nowMs: number): SupervisorEffect[] {
    const effects: SupervisorEffect[] = []
    for (const [url, relay] of this.#relays) {
      if (relay.state !== 'waiting' || relay.nextTryAtMs > nowMs) continue
      relay.state = 'connecting'
      effects.push({ type: 'connect', url })
    }
    return effects
  }

  #probes(): SupervisorEffect[] {
    return [...this.#relays].flatMap(([url, relay]) => (relay.state === 'up' ? [{ type: 'probe', url } as const] : []))
  }

  #update(url: string, change: (relay: Relay) => void): void {
    const relay = this.#relays.get(url)
    if (relay) change(relay)
  }

  /** Doubling, with up to a quarter of luck, so that a thousand tabs do not come back at the same moment. */
  #pauseMs(failures: number): number {
    return Math.min(relayRetryMsMax, relayRetryMs * 2 ** failures) * (0.75 + 0.25 * this.#random())
  }
}
