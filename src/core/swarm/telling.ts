import type { BlockRange } from '../block/bitmap.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { Frame, KnownFrame } from '../exchange/types.ts'
import { haveIntervalMs, rangesPerFrameMax } from '../limits.ts'
import { rising, runsOf } from './runs.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

type StateFrame = Extract<Frame, { type: 'state' }>

/** What peers are told of our holdings, and what they tell of theirs. Owns the sessions' `toTell` and `holdings`. */
export class Telling {
  readonly #state: SwarmState

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
    session.toTell = []
    const first = ranges.slice(0, rangesPerFrameMax)
    this.#send(session, { type: 'state', serving: options.serving, complete: isComplete, manifest, ranges: first })
    this.#sendRanges(session, 'have', ranges.slice(rangesPerFrameMax))
  }

  /** A peer's own words about itself; the manifest was looked at before. Throws what a lie deserves. */
  onState(session: Session, frame: StateFrame): void {
    const { manifest } = this.#state
    session.serves = frame.serving
    session.isExhausted = false
    if (!manifest) {
      if (frame.complete || frame.ranges.length > 0) throw new BadFrame('it speaks of blocks before the manifest')
      return
    }
    if (frame.complete) session.learnComplete(manifest.blockCount)
    session.learn(frame.ranges, true)
  }

  /** Blocks became durable: to be told to those who lack something. [EX11] */
  stored(indexes: readonly number[]): void {
    for (const session of this.#state.sessions.values()) {
      if (!session.isComplete) session.toTell.push(...indexes)
    }
  }

  /** Blocks are no longer here. */
  evicted(indexes: readonly number[]): void {
    const gone = new Set(indexes)
    for (const session of this.#state.sessions.values()) {
      session.toTell = session.toTell.filter((index) => !gone.has(index))
      session.wasToldComplete = false
      this.#sendRanges(session, 'gone', runsOf(rising(gone)))
    }
  }

  tellNews(): void {
    for (const session of this.#state.sessions.values()) {
      if (this.#newsAtMs(session) <= this.#state.nowMs) this.#tell(session)
    }
  }

  wakeAtMs(): number {
    let earliest = Infinity
    for (const session of this.#state.sessions.values()) earliest = Math.min(earliest, this.#newsAtMs(session))
    return earliest
  }

  #newsAtMs(session: Session): number {
    if (session.wasToldComplete || (session.toTell.length === 0 && !this.#state.isComplete)) return Infinity
    return session.toldAtMs + haveIntervalMs
  }

  #tell(session: Session): void {
    if (this.#state.isComplete) return this.tellState(session)
    const indexes = rising(session.toTell)
    session.toTell = []
    session.toldAtMs = this.#state.nowMs
    this.#sendRanges(session, 'have', runsOf(indexes))
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
