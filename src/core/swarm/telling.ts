import type { BlockRange } from '../block/bitmap.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { Frame, KnownFrame } from '../exchange/types.ts'
import { haveIntervalMs, rangesPerFrameMax } from '../limits.ts'
import { rising, runsOf } from './runs.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/** News that everybody was told is forgotten so many at a time. */
const newsKept = 4096

type StateFrame = Extract<Frame, { type: 'state' }>

/** What peers are told of our holdings, and what they tell of theirs. Owns the sessions' `toTell` and `holdings`. */
export class Telling {
  readonly #state: SwarmState
  /** Blocks that became durable, in that order, from the `#first`th on; older news everybody was told. */
  #news: number[] = []
  #first = 0
  /** Nobody is to be told anything before this. */
  #newsAtMs = Infinity

  constructor(state: SwarmState) {
    this.#state = state
  }

  /** Everything: first thing on a session, and again when the manifest became known. [SW7] */
  tellState(session: Session): void {
    const { held, manifestBytes, options, isComplete, nowMs } = this.#state
    const manifest = session.wasToldManifest ? undefined : manifestBytes
    const ranges = isComplete || !held ? [] : [...held.ranges()]
    session.wasToldManifest ||= manifest !== undefined
    session.wasToldComplete = isComplete
    session.toldAtMs = nowMs
    session.toldUpTo = this.#end
    this.#newsAtMs = -Infinity
    const first = ranges.slice(0, rangesPerFrameMax)
    this.#send(session, { type: 'state', serving: options.serving, complete: isComplete, manifest, ranges: first })
    this.#sendRanges(session, 'have', ranges.slice(rangesPerFrameMax))
  }

  /** A peer's own words about itself; the manifest was looked at before. Throws what a lie deserves. */
  onState(session: Session, frame: StateFrame): void {
    const { manifest, holders } = this.#state
    session.serves = frame.serving
    session.isExhausted = false
    if (!manifest) {
      if (frame.complete || frame.ranges.length > 0) throw new BadFrame('it speaks of blocks before the manifest')
      return
    }
    if (frame.complete) session.learnComplete(holders!)
    session.learn(frame.ranges, true, holders)
  }

  /** Blocks became durable: to be told to those who lack something. [EX11] */
  stored(indexes: readonly number[]): void {
    for (const index of indexes) this.#news.push(index)
    this.#newsAtMs = -Infinity
  }

  /** Blocks are no longer here. */
  evicted(indexes: readonly number[]): void {
    const ranges = runsOf(rising(indexes))
    for (const session of this.#state.sessions.values()) {
      session.wasToldComplete = false
      this.#sendRanges(session, 'gone', ranges)
    }
    this.#newsAtMs = -Infinity
  }

  tellNews(): void {
    const { sessions, nowMs } = this.#state
    if (this.#newsAtMs > nowMs) return
    this.#newsAtMs = Infinity
    let toldByAll = this.#end
    for (const session of sessions.values()) {
      let dueAtMs = this.#isDueAtMs(session)
      if (dueAtMs <= nowMs) {
        this.#tell(session)
        dueAtMs = this.#isDueAtMs(session)
      }
      if (dueAtMs < this.#newsAtMs) this.#newsAtMs = dueAtMs
      toldByAll = Math.min(toldByAll, session.toldUpTo)
    }
    if (toldByAll - this.#first < newsKept) return
    this.#news = this.#news.slice(toldByAll - this.#first)
    this.#first = toldByAll
  }

  wakeAtMs(): number {
    return this.#newsAtMs
  }

  get #end(): number {
    return this.#first + this.#news.length
  }

  #isDueAtMs(session: Session): number {
    if (session.wasToldComplete) return Infinity
    // One that holds everything is told the end alone, unless it seeks what nobody else has.
    if (session.isComplete && !session.suggests) session.toldUpTo = this.#end
    if (session.toldUpTo === this.#end && !this.#state.isComplete) return Infinity
    return session.toldAtMs + haveIntervalMs
  }

  #tell(session: Session): void {
    const { held, isComplete, nowMs } = this.#state
    if (isComplete) return this.tellState(session)
    const news = this.#news.slice(session.toldUpTo - this.#first).filter((index) => held!.has(index))
    session.toldUpTo = this.#end
    session.toldAtMs = nowMs
    this.#sendRanges(session, 'have', runsOf(rising(news)))
  }

  #sendRanges(session: Session, type: 'have' | 'gone', ranges: readonly BlockRange[]): void {
    for (let at = 0; at < ranges.length; at += rangesPerFrameMax) {
      this.#send(session, { type, ranges: ranges.slice(at, at + rangesPerFrameMax) })
    }
  }

  #send(session: Session, frame: KnownFrame): void {
    this.#state.emit({ type: 'send', laneId: session.control.info.laneId, frame })
  }
}
