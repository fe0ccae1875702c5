import { restGain, restLookMs, restLooks, restTryMs, restTryMsMax } from '../limits.ts'
import type { SwarmState } from './state.ts'

/** How far the giving is. */
export interface Given {
  /** Every block was given to somebody, or asked for. */
  readonly isAll: boolean
  /** Somebody has each of them, and there are some who can trade. */
  readonly mayRest: boolean
}

/**
 * Whether the first holder rests while others give each other what it gave, or gives on. It compares what came to all of
 * them together before it rested and since: what it gives comes in addition where it has a line of its own, and instead
 * where all are on one machine or behind one line, and nothing else tells one from the other. [SW15]
 */
export class Resting {
  readonly #state: SwarmState
  #lookedAtMs = -Infinity
  /** Blocks a millisecond that came to all of them, at the last looks. */
  #paces: number[] = []
  /** The same of the time before it rested. */
  #paceBefore = 0
  /** The most that went out from here at a look, since it last began to give. */
  #ownPace = 0
  #isResting = false
  /** It was missed and gives; at this time it rests again, to see whether it still is. */
  #tryAtMs: number | undefined
  #tryMs = restTryMs

  constructor(state: SwarmState) {
    this.#state = state
  }

  /** Now and then it changes its mind. */
  look({ isAll, mayRest }: Given): 'rest' | 'give' | undefined {
    const { nowMs } = this.#state
    const tookMs = nowMs - this.#lookedAtMs
    if (tookMs < restLookMs) return undefined
    const isFirst = this.#lookedAtMs === -Infinity
    this.#lookedAtMs = nowMs
    const { came, sent } = this.#count()
    if (isFirst) return undefined
    this.#ownPace = Math.max(this.#ownPace, sent / tookMs)
    // What went out is told of later, and in bursts.
    this.#paces.push((this.#isResting ? came : Math.max(came, sent)) / tookMs)
    if (this.#paces.length > restLooks) this.#paces.shift()
    if (this.#isResting) return this.#isMissed() ? this.#give() : undefined
    if (this.#tryAtMs === undefined) this.#paceBefore = Math.max(isAll ? this.#paceBefore : 0, mean(this.#paces))
    return mayRest && nowMs >= (this.#tryAtMs ?? nowMs) ? this.#rest() : undefined
  }

  #rest(): 'rest' {
    this.#paces = []
    this.#isResting = true
    return 'rest'
  }

  #give(): 'give' {
    this.#paces = []
    this.#ownPace = 0
    this.#isResting = false
    this.#tryAtMs = this.#state.nowMs + this.#tryMs
    this.#tryMs = Math.min(restTryMsMax, 2 * this.#tryMs)
    return 'give'
  }

  /** They got much more while it gave, and what goes out here at its best makes up for it. */
  #isMissed(): boolean {
    const pace = Math.max(...this.#paces)
    const couldBe = Math.min(this.#paceBefore, pace + this.#ownPace)
    return this.#paces.length === restLooks && restGain * pace < couldBe
  }

  /** Blocks that came to others since the last look, as far as they tell, and that went out from here. */
  #count(): { came: number; sent: number } {
    const { sessions, manifest } = this.#state
    let came = 0
    let sent = 0
    for (const session of sessions.values()) {
      const { whenLooked: before, sentBytes, wasSuggested } = session
      const heldBlocks = session.holdings?.count ?? 0
      session.whenLooked = { heldBlocks, sentBytes, isTelling: wasSuggested }
      const sentBlocks = (sentBytes - (before?.sentBytes ?? 0)) / manifest!.blockBytes
      sent += sentBlocks
      came += before?.isTelling ? Math.max(0, heldBlocks - before.heldBlocks) : sentBlocks
    }
    return { came, sent }
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
