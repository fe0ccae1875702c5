import { Bitmap, type BlockRange } from '../block/bitmap.ts'
import { restLookMs, restPaceMin, restPaceStart, suggestedBlocksMax, suggestedBlocksMin } from '../limits.ts'
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
  /** When it was last looked who gives how much. */
  #lookedAtMs = -Infinity
  /** Blocks that others gave each other in a millisecond of late, and that went out here while they could. */
  #theirPace = 0
  #ownPace = 0
  /** What nobody else had was suggested, and the suggestions have not ended since. */
  #isGuiding = false

  constructor(state: SwarmState) {
    this.#state = state
  }

  /** What a peer has, or asks for, may have changed. */
  changed(session: Session): void {
    if (this.#state.isComplete) this.#changed.add(session)
  }

  /** It asks for blocks: they are with somebody soon, whether they were suggested or not. */
  wanted(session: Session, ranges: readonly BlockRange[]): void {
    const { held, isComplete, options } = this.#state
    if (!isComplete || !options.serving || !held) return
    this.#given ??= new Bitmap(held.size)
    for (const { start, count } of ranges) {
      for (let index = start; index < start + count; index++) {
        session.suggested.delete(index)
        this.#given.set(index)
      }
    }
    this.#changed.add(session)
  }

  /** What it was to get alone, and what it alone had, is suggested to others. */
  left(session: Session): void {
    this.#changed.delete(session)
    const given = this.#given
    if (!given) return
    for (const index of session.given) given.clear(index)
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
      this.#look()
      if (this.#isGuiding || !this.#given.isFull) this.#suggestToChanged()
    }
    this.#changed.clear()
  }

  #suggestToChanged(): void {
    let takers = 0
    for (const session of this.#state.sessions.values()) if (!session.isComplete) takers++
    if (takers > 1) for (const session of this.#changed) this.#suggestTo(session, takers)
  }

  /** Now and then: how much came to those who lack something, and how much of it from here. */
  #look(): void {
    const { nowMs, sessions, manifest } = this.#state
    const tookMs = nowMs - this.#lookedAtMs
    if (tookMs < restLookMs) return
    let came = 0
    let sent = 0
    for (const session of sessions.values()) {
      const held = session.holdings?.count ?? 0
      const { heldBlocks = held, sentBytes = session.sentBytes } = session.whenLooked ?? {}
      session.whenLooked = { heldBlocks: held, sentBytes: session.sentBytes }
      came += held - heldBlocks
      sent += (session.sentBytes - sentBytes) / manifest!.blockBytes
    }
    this.#lookedAtMs = nowMs
    this.#theirPace = (this.#theirPace + Math.max(0, came - sent) / tookMs) / 2 // what is told comes in bursts
    // While it gives to nobody its pace says nothing; while it guides, what it could is what it did at its best.
    if (!this.#isGuiding) this.#ownPace = (this.#ownPace + sent / tookMs) / 2
    else this.#ownPace = Math.max(this.#ownPace, sent / tookMs)
    if (this.#given?.isFull && this.#theirPace > restPaceStart * this.#ownPace) this.#isGuiding = true
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
    this.#isGuiding ||= chosen.length > 0
    if (chosen.length === 0 && session.suggested.size === 0) this.#share(session, chosen)
    if (chosen.length === 0 && !session.wasSuggested && this.#isGuiding) this.#welcome(session, chosen)
    if (chosen.length > 0) this.#send(session, chosen)
    else if (this.#isGuiding && this.#given!.isFull && this.#isMissed && this.#isAllSpread()) this.#end()
  }

  /** What others give each other is not much more than what could go out here as well. */
  get #isMissed(): boolean {
    return this.#theirPace < restPaceMin * this.#ownPace
  }

  /** From now on this is a peer like any other. */
  #end(): void {
    this.#isGuiding = false
    for (const session of this.#state.sessions.values()) if (session.wasSuggested) this.#send(session, [])
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
