import {
  blocksPerSecond,
  queuedBlocksMax,
  rangesPerFrameMax,
  secondGainMs,
  secondLookMs,
  silenceMs,
  silentBlocks,
  urgentBlocks
} from '../limits.ts'
import type { SwarmLane } from './lane.ts'
import type { Readers } from './readers.ts'
import { rising, runsOf } from './runs.ts'
import type { SwarmState } from './state.ts'

/**
 * The end of a fetch, or a peer that does not deliver: everything that can be had is asked for, and some of it would
 * come sooner from another. Such blocks are taken back from the slow one; a few are asked of the other at the same
 * time, and the first copy wins. Owns the lanes' `cancelled`. [SW14]
 */
export class Seconds {
  readonly #state: SwarmState
  readonly #readers: Readers
  /** Blocks asked of two, and whether one copy is here. */
  readonly #doubles = new Map<number, { hasCome: boolean }>()
  /** Copies that came in vain. */
  #duplicates = 0
  #lookAtMs = Infinity
  #lookedAtMs = -Infinity

  constructor(state: SwarmState, readers: Readers) {
    this.#state = state
    this.#readers = readers
  }

  /** When to look again. */
  wakeAtMs(): number {
    return this.#lookAtMs
  }

  /** A lane has room and nothing to ask: others may be relieved. */
  wish(): void {
    this.#lookAtMs = Math.min(this.#lookAtMs, Math.max(this.#state.nowMs, this.#lookedAtMs + secondLookMs))
  }

  /** Whether a block that came is the first copy; the other one is called off. */
  isFirst(index: number, lane: SwarmLane): boolean {
    const double = this.#doubles.get(index)
    if (!double) return true
    if (double.hasCome) {
      this.#doubles.delete(index)
      this.#duplicates++
      return false
    }
    double.hasCome = true
    for (const other of this.#state.lanes.values()) if (other !== lane) this.takeBack(other, [index])
    return true
  }

  /** A block does not come over a lane, or was no good. Returns whether another copy is here or on its way. */
  isElsewhere(index: number): boolean {
    return this.#doubles.delete(index)
  }

  /** Cancels those of the blocks that were asked over a lane. */
  takeBack(lane: SwarmLane, indexes: readonly number[]): void {
    const spare = indexes.filter((index) => lane.inFlight.has(index) && !lane.cancelled.has(index))
    if (spare.length === 0) return
    for (const index of spare) lane.cancelled.set(index, this.#state.nowMs)
    const ranges = runsOf(rising(spare)).slice(0, rangesPerFrameMax)
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'cancel', ranges } })
  }

  /** Takes back what was asked and no reader wishes for, so that what one waits for comes at once. [SW8] */
  makeRoom(): void {
    const isSpare = (index: number): boolean => !this.#readers.isWished(index)
    for (const lane of this.#state.lanes.values()) this.takeBack(lane, [...lane.inFlight].filter(isSpare))
  }

  /**
   * Lanes that have room and nothing of their own to ask relieve slow ones; at the end all that is lacking was asked
   * for. What a slow lane has not begun to send it gives back when told so; what it still owes a while later is asked of
   * another too, at the end. Returns what to ask over which lane.
   */
  look(isEnd: boolean): Map<SwarmLane, number[]> {
    const { nowMs, lanes, manifest } = this.#state
    const { blockBytes } = manifest!
    const asked = new Map<SwarmLane, number[]>()
    this.#lookAtMs = Infinity
    this.#lookedAtMs = nowMs
    const late = [...lanes.values()]
      .filter((lane) => lane.inFlight.size > 0)
      .map((lane) => ({ lane, etaMs: lane.etaMs(nowMs, lane.inFlight.size * blockBytes) }))
      .sort((a, b) => b.etaMs - a.etaMs)
    const idle = this.#idle()
    for (const lane of idle) {
      const doubled: number[] = []
      let room = lane.roomBlocks(blockBytes)
      for (const slow of late) {
        const ownMs = lane.etaMs(nowMs, (lane.inFlight.size + 1) * blockBytes)
        if (slow.etaMs - 2 * ownMs < secondGainMs || room === 0) break
        if (slow.lane.session === lane.session) continue
        const spare = [...slow.lane.inFlight].filter((index) => lane.session!.has(index) && !this.#doubles.has(index))
        const unsent = spare.filter((index) => !slow.lane.cancelled.has(index)).slice(-room)
        const wasTold = (index: number): boolean => nowMs >= slow.lane.cancelled.get(index)! + secondLookMs
        const owed = isEnd && unsent.length === 0 ? spare.filter(wasTold) : []
        const budget = this.#budget(slow.lane)
        if (budget < owed.length) this.#holdsUp(slow.lane)
        const most = Math.min(room, budget)
        // What was asked last would come last: the slow one may well bring the rest meanwhile.
        const second = owed.slice(Math.max(0, owed.length - most))
        for (const index of second) this.#doubles.set(index, { hasCome: false })
        doubled.push(...second)
        room -= second.length + unsent.length
        this.takeBack(slow.lane, unsent)
        slow.lane.window.fellBehind()
        slow.lane.isLate = slow.lane.cancelled.size > 0
      }
      asked.set(lane, doubled)
    }
    if (late.length > 0 && idle.length > 0) this.wish()
    return asked
  }

  #idle(): SwarmLane[] {
    const { nowMs, lanes, manifest } = this.#state
    const isIdle = (lane: SwarmLane): boolean => lane.canBeAsked(nowMs) && lane.session!.isExhausted
    return [...lanes.values()].filter((lane) => isIdle(lane) && lane.roomBlocks(manifest!.blockBytes) > 0)
  }

  /**
   * What readers wait for and those owe that take long: they are to give it back, and of those that are silent it is not
   * waited for. Returns by whom it is to be brought as well, though others have much else to bring. [SW14]
   */
  forReaders(): Map<SwarmLane, number[]> {
    const asked = new Map<SwarmLane, number[]>()
    if (this.#readers.isEmpty) return asked
    const late = new Set(this.#state.lanes.values().filter((lane) => this.#isLate(lane)))
    if (late.size === 0) return asked
    const back = new Map<SwarmLane, number[]>()
    for (const index of this.#readers.urgent()) {
      const owing = this.#doubles.has(index) ? undefined : late.values().find((lane) => lane.inFlight.has(index))
      const soonest = owing && this.#soonest(index, asked, late)
      if (!soonest) continue
      if (!owing.isSilent(this.#state.nowMs)) {
        if (!owing.cancelled.has(index)) back.set(owing, [...(back.get(owing) ?? []), index])
      } else if (this.#left(urgentBlocks + this.#share) > 0) {
        this.#doubles.set(index, { hasCome: false })
        asked.set(soonest, [...(asked.get(soonest) ?? []), index])
      }
    }
    for (const [lane, indexes] of back) this.takeBack(lane, indexes)
    if (back.size > 0 || asked.size > 0) this.makeRoom()
    return asked
  }

  /** What was asked over it takes as long as a silence. */
  #isLate(lane: SwarmLane): boolean {
    const { nowMs, manifest } = this.#state
    if (lane.inFlight.size === 0) return false
    return lane.isSilent(nowMs) || lane.etaMs(nowMs, lane.inFlight.size * manifest!.blockBytes) >= silenceMs
  }

  /** Who of those that are not late would bring a block first, besides what is `asked` of it already. */
  #soonest(
    index: number,
    asked: ReadonlyMap<SwarmLane, readonly number[]>,
    late: ReadonlySet<SwarmLane>
  ): SwarmLane | undefined {
    const { nowMs, lanes, manifest } = this.#state
    let soonest: SwarmLane | undefined
    let soonestMs = Infinity
    for (const lane of lanes.values()) {
      const blocks = lane.inFlight.size + (asked.get(lane)?.length ?? 0) + 1
      if (late.has(lane) || !lane.canBeAsked(nowMs) || !lane.session!.has(index) || blocks > queuedBlocksMax) continue
      const etaMs = lane.etaMs(nowMs, blocks * manifest!.blockBytes)
      if (etaMs >= soonestMs) continue
      soonest = lane
      soonestMs = etaMs
    }
    return soonest
  }

  /** What may not be asked of two is waited for; of one that is silent not for long. [SW11] */
  #holdsUp(lane: SwarmLane): void {
    const { nowMs } = this.#state
    if (!lane.isSilent(nowMs)) return
    lane.holdsUpSinceMs = Math.min(lane.holdsUpSinceMs, nowMs)
    this.#state.overdueAtMs = Math.min(this.#state.overdueAtMs, lane.stallsAtMs)
  }

  /**
   * Blocks that may be asked of a second before the first has given them up: whoever is only slow will bring them too,
   * so that some are left for who is silent.
   */
  #budget(first: SwarmLane): number {
    const isSilent = first.isSilent(this.#state.nowMs)
    return this.#left(isSilent ? Math.max(silentBlocks, this.#share) : this.#share - silentBlocks)
  }

  /** What may come twice of any data set. */
  get #share(): number {
    return Math.floor(this.#state.manifest!.blockCount / blocksPerSecond)
  }

  #left(most: number): number {
    return Math.max(0, most - this.#duplicates - this.#doubles.size)
  }
}
