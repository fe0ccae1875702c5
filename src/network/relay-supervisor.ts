import {
  clockJumpMs,
  clockTickMs,
  relayProbeMs,
  relayRetryMs,
  relayRetryMsMax,
  relaysMax,
  spareAfterMs,
  spareFailuresMax,
  spareRestMs,
  sparesBeyondEnough
} from '../core/limits.ts'
import type { RelayStatus } from './types.ts'

export type SupervisorInput =
  | { type: 'add'; url: string }
  /** All that are known for when the others are away. */
  | { type: 'spares'; urls: readonly string[] }
  /** Connected, reserved, and its tracker is open. */
  | { type: 'up'; url: string }
  | { type: 'failed'; url: string }
  /** There is none here, and these are meant. */
  | { type: 'elsewhere'; url: string; urls: readonly string[] }
  /** The connection, the reservation on it, or its tracker is gone. */
  | { type: 'lost'; url: string }
  /** Look at everything now: the person asked, the tab woke, the network changed. */
  | { type: 'nudge' }
  | { type: 'wake' }

export type SupervisorEffect =
  | { type: 'connect'; url: string }
  /** It may be gone without a word: ask it something, and say `lost` when it does not answer. */
  | { type: 'probe'; url: string }
  /** It is needed no longer. */
  | { type: 'leave'; url: string }

interface Relay {
  state: 'waiting' | 'connecting' | 'up'
  failures: number
  nextTryAtMs: number
  upSinceMs: number
  probeAtMs: number
  /** Used because too few others were there. */
  isSpare: boolean
}

/**
 * Keeps a reservation at every relay: connects, notices loss, tries again with growing pauses, and sees from its own
 * clock when the machine slept. SPEC.md has the rules NW1 to NW7.
 */
export class RelaySupervisor {
  readonly #relays = new Map<string, Relay>()
  readonly #random: () => number
  readonly #enough: number
  /** Those that failed go to the end. */
  #spares: readonly string[] = []
  #shortSinceMs = Infinity
  #lastMs: number | undefined

  /** `enough`: of its own, that many that are there need no spare ones. */
  constructor(random: () => number, enough = 1) {
    this.#random = random
    this.#enough = enough
  }

  handle(nowMs: number, input: SupervisorInput): SupervisorEffect[] {
    const passedMs = nowMs - (this.#lastMs ?? nowMs)
    const jumped = passedMs > clockTickMs + clockJumpMs || passedMs < -clockJumpMs
    this.#lastMs = nowMs
    switch (input.type) {
      case 'add':
        this.#add(nowMs, input.url)
        break
      case 'spares':
        this.#spares = input.urls
        break
      case 'up':
        this.#update(input.url, { state: 'up', upSinceMs: nowMs, probeAtMs: nowMs + relayProbeMs })
        break
      case 'elsewhere':
        this.#relays.delete(input.url)
        for (const url of input.urls) this.#add(nowMs, url)
        break
      case 'failed':
        this.#pause(nowMs, input.url, 'connecting')
        break
      case 'lost':
        this.#pause(nowMs, input.url, 'up')
        break
      case 'nudge':
      case 'wake':
    }
    if (jumped || input.type === 'nudge') this.#hurry(nowMs)
    return [...this.#spare(nowMs), ...this.#due(nowMs)]
  }

  /** At the latest after a tick, so that a jump of the clock shows. */
  wakeAtMs(): number {
    let earliest = this.#lastMs === undefined || this.#relays.size === 0 ? Infinity : this.#lastMs + clockTickMs
    for (const { state, nextTryAtMs, probeAtMs } of this.#relays.values()) {
      if (state === 'waiting') earliest = Math.min(earliest, nextTryAtMs)
      if (state === 'up') earliest = Math.min(earliest, probeAtMs)
    }
    return earliest
  }

  /** It is to be used. */
  knows(url: string): boolean {
    return this.#relays.has(url)
  }

  statuses(): RelayStatus[] {
    return [...this.#relays].map(([url, { state, failures, nextTryAtMs }]) => {
      if (state === 'up') return { url, state: 'reserved' }
      if (failures === 0) return { url, state: 'connecting' }
      return { url, state: 'unreachable', nextTryAtMs: state === 'waiting' ? nextTryAtMs : undefined }
    })
  }

  /** One relay too many takes the place of the one that failed most often; where all answer, it is left out. [NW6] */
  #add(nowMs: number, url: string): void {
    const known = this.#relays.get(url)
    if (known) {
      known.isSpare = false
      return
    }
    if (this.#relays.size >= relaysMax) {
      const down = [...this.#relays].filter(([, { state, failures }]) => state !== 'up' && failures > 0)
      const [worst] = down.sort(([, a], [, b]) => b.failures - a.failures)
      if (!worst) return
      this.#relays.delete(worst[0])
    }
    this.#relays.set(url, fresh(nowMs, false))
  }

  /** Spare relays come while too few others are there, and go when enough of those are back for good. [NW36] */
  #spare(nowMs: number): SupervisorEffect[] {
    const own = [...this.#relays.values()].filter(({ isSpare }) => !isSpare)
    const up = own.filter(({ state }) => state === 'up')
    const isShort = up.length < this.#enough && own.every(({ state, failures }) => state === 'up' || failures > 0)
    this.#shortSinceMs = isShort ? Math.min(this.#shortSinceMs, own.length > 0 ? nowMs : -Infinity) : Infinity
    if (up.filter(({ upSinceMs }) => nowMs - upSinceMs >= spareRestMs).length >= this.#enough)
      return this.#leaveSpares()
    if (nowMs - this.#shortSinceMs < spareAfterMs) return []
    for (const [url, { isSpare, failures }] of this.#relays) {
      if (!isSpare || failures < spareFailuresMax) continue
      this.#relays.delete(url)
      this.#spares = [...this.#spares.filter((each) => each !== url), url]
    }
    const free = this.#enough + sparesBeyondEnough - up.length - (this.#relays.size - own.length)
    const next = this.#spares.filter((url) => !this.#relays.has(url)).slice(0, Math.max(0, free))
    for (const url of next) this.#relays.set(url, fresh(nowMs, true))
    return []
  }

  #leaveSpares(): SupervisorEffect[] {
    const effects: SupervisorEffect[] = []
    for (const [url, { isSpare }] of this.#relays)
      if (isSpare && this.#relays.delete(url)) effects.push({ type: 'leave', url })
    return effects
  }

  #hurry(nowMs: number): void {
    for (const relay of this.#relays.values()) {
      relay.nextTryAtMs = nowMs
      relay.probeAtMs = nowMs
    }
  }

  #due(nowMs: number): SupervisorEffect[] {
    const effects: SupervisorEffect[] = []
    for (const [url, relay] of this.#relays) {
      if (relay.state === 'waiting' && relay.nextTryAtMs <= nowMs) {
        relay.state = 'connecting'
        effects.push({ type: 'connect', url })
      }
      if (relay.state === 'up' && relay.probeAtMs <= nowMs) {
        relay.probeAtMs = nowMs + relayProbeMs
        effects.push({ type: 'probe', url })
      }
    }
    return effects
  }

  #pause(nowMs: number, url: string, from: Relay['state']): void {
    const relay = this.#relays.get(url)
    if (relay?.state !== from) return
    if (from === 'up' && nowMs - relay.upSinceMs >= relayProbeMs) relay.failures = 0 // it was good for a while
    this.#update(url, { state: 'waiting', nextTryAtMs: nowMs + this.#pauseMs(relay.failures++) })
  }

  #update(url: string, change: Partial<Relay>): void {
    const relay = this.#relays.get(url)
    if (relay) Object.assign(relay, change)
  }

  /** Doubling, with up to a quarter of luck, so that a thousand tabs do not come back at the same moment. [NW3] */
  #pauseMs(failures: number): number {
    return Math.min(relayRetryMsMax, relayRetryMs * 2 ** failures) * (0.75 + 0.25 * this.#random())
  }
}

const fresh = (nowMs: number, isSpare: boolean): Relay => ({
  state: 'waiting',
  failures: 0,
  nextTryAtMs: nowMs,
  upSinceMs: 0,
  probeAtMs: 0,
  isSpare
})
