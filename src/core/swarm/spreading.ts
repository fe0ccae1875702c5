import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { suggestedBlocksMax, suggestedBlocksMin } from '../limits.ts'
import { Resting } from './resting.ts'
import { runsOf } from './runs.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/**
 * The only holder of much that many want: each of them is suggested another part, so that they have something to
 * trade and each block leaves here about once. Only what nobody else has is suggested, and only to one. [SW15]
 */
export class Spreading {
  readonly #state: SwarmState
  readonly #changed = new Set<Session>()
  /** Blocks that were suggested to somebody who is still here, or that somebody has. */
  #given: Bitmap | undefined
  /** Where the next suggestion begins. */
  #cursor = 0
  readonly #resting: Resting
  /** What nobody else had was suggested, and the suggestions have not ended since. */
  #isGuiding = false
  /** It was once: those that become whole later, with others, give as long as there is somebody to give to. */
  #hasGuided = false
  /** Blocks that were asked for here before anybody had them. */
  #wanted = 0

  constructor(state: SwarmState) {
    this.#state = state
    this.#resting = new Resting(state)
  }

  /** What a peer has, or asks for, may have changed. */
  changed(session: Session): void {
    if (this.#state.isComplete) this.#changed.add(session)
  }

  /** Blocks go to it that it asked for: they are with somebody soon, whether they were suggested or not. */
  wanted(session: Session, ranges: readonly BlockRange[]): void {
    const { held, isComplete } = this.#state
    if (!isComplete || !held) return
    this.#given ??= new Bitmap(held.size)
    for (const { start, count } of ranges) {
      for (let index = start; index < start + count; index++) {
        session.suggested.delete(index)
        if (!this.#given.set(index)) continue
        session.asked.add(index)
        this.#wanted++
      }
    }
    this.#changed.add(session)
  }

  /** What it was to get, and what it alone had, is suggested to others. */
  left(session: Session): void {
    this.#changed.delete(session)
    const given = this.#given
    if (!given) return
    for (const index of session.given) given.clear(index)
    for (const index of session.asked) given.clear(index)
    for (const { start, count } of session.holdings?.ranges() ?? []) {
      for (let index = start; index < start + count; index++) {
        if (this.#state.holders!.among(index) === 0) given.clear(index)
      }
    }
  }

  suggest(): void {
    if (this.#changed.size === 0) return
    const { held, options } = this.#state
    if (options.serving && held?.isFull) {
      this.#given ??= new Bitmap(held.size)
      const takers = this.#takers()
      this.#restOrGive(takers)
      if (takers < 2 && this.#state.holders!.holdEverything === 0) this.#end(this.#changed)
      if (takers > 1 && (this.#isGuiding || !this.#given.isFull))
        for (const each of this.#changed) this.#suggestTo(each, takers)
    }
    this.#changed.clear()
  }

  /** Those that lack something. */
  #takers(): number {
    let takers = 0
    for (const session of this.#state.sessions.values()) if (!session.isComplete) takers++
    return takers
  }

  #restOrGive(takers: number): void {
    const isAll = this.#given!.isFull
    const isFirst = this.#hasGuided || 2 * this.#wanted >= this.#given!.size
    const better = this.#resting.look({ isAll, mayRest: isAll && isFirst && takers > 1 && this.#isAllSpread() })
    if (better) this.#isGuiding = better === 'rest'
    if (better === 'give') this.#end(this.#state.sessions.values())
  }

  /** To these this is a peer like any other. */
  #end(sessions: Iterable<Session>): void {
    for (const session of sessions) if (session.wasSuggested) this.#send(session, [])
  }

  #suggestTo(session: Session, takers: number): void {
    if (session.isComplete || !session.holdings) return
    for (const index of session.given) {
      if (session.has(index) && session.given.delete(index)) session.suggested.delete(index)
    }
    const free = this.#given!.size - this.#given!.count
    const grain = Math.max(suggestedBlocksMin, Math.min(suggestedBlocksMax, Math.floor(free / (2 * takers))))
    if (2 * session.suggested.size > grain) return
    const chosen = this.#pick(session, grain)
    if (chosen.length > 0) this.#isGuiding = this.#hasGuided = true
    if (chosen.length === 0 && session.suggested.size === 0) this.#share(session, chosen)
    if (chosen.length === 0 && !session.wasSuggested && this.#isGuiding) this.#welcome(session, chosen)
    if (chosen.length > 0) this.#send(session, chosen)
  }

  /** One that comes when everything was suggested begins with a block that others have, and is to get the rest of them. */
  #welcome(session: Session, chosen: number[]): void {
    const { size } = this.#given!
    for (let step = 0; step < size && chosen.length === 0; step++) {
      const index = this.#cursor
      this.#cursor = (index + 1) % size
      if (session.has(index)) continue
      session.suggested.add(index)
      chosen.push(index)
    }
  }

  /** Everything was suggested: one that has nothing left to take gets half of what another has not asked for yet. */
  #share(session: Session, chosen: number[]): void {
    let richest: Session | undefined
    for (const other of this.#state.sessions.values()) {
      if (other !== session && other.suggested.size > (richest?.suggested.size ?? 2 * suggestedBlocksMin))
        richest = other
    }
    if (!richest) return
    const unasked = [...richest.suggested].filter((index) => !session.has(index))
    for (const index of unasked.slice(Math.ceil(unasked.length / 2))) {
      richest.suggested.delete(index)
      richest.given.delete(index)
      session.given.add(index)
      session.suggested.add(index)
      chosen.push(index)
    }
  }

  #isAllSpread(): boolean {
    for (const session of this.#state.sessions.values()) if (session.given.size > 0) return false
    return true
  }

  #send(session: Session, chosen: readonly number[]): void {
    session.wasSuggested = chosen.length > 0
    const ranges = runsOf(chosen)
    this.#state.emit({ type: 'send', laneId: session.control.info.laneId, frame: { type: 'suggest', ranges } })
  }

  /** Blocks that nobody has and nobody was told to take, on from where the last suggestion ended. */
  #pick(session: Session, most: number): number[] {
    const { holders } = this.#state
    const given = this.#given!
    const chosen: number[] = []
    for (let step = 0; step < given.size && chosen.length < most && !given.isFull; step++) {
      const index = this.#cursor
      this.#cursor = (index + 1) % given.size
      if (!given.set(index) || holders!.among(index) > 0) continue
      session.given.add(index)
      session.suggested.add(index)
      chosen.push(index)
    }
    return chosen
  }
}
