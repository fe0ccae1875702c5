import { blocksPerSecond, rangesPerFrameMax, secondGainMs, secondLookMs, silentBlocks } from '../limits.ts'
import type { SwarmLane } from './lane.ts'
import { rising, runsOf } from './runs.ts'
import type { SwarmState } from './state.ts'

/**
 * The end of a fetch, or a peer that does not deliver: everything that can be had is asked for, and some of it would
 * come sooner from another. Such blocks are taken back from the slow one; a few are asked of the other at the same
 * time, and the first copy wins. Owns the lanes' `cancelled`. [SW14]
 */
export class Seconds {
  readonly #state: SwarmState
  /** Blocks asked of two, and whether one copy is here. */
  readonly #doubles = new Map<number, { hasCome: boolean }>()
  /** Copies that came in vain. */
  #duplicates = 0
  #lookAtMs = Infinity
  #lookedAtMs = -Infinity

  constructor(state: SwarmState) {
    this.#state = state
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
    for (const index of spare) lane.cancelled.add(index)
    lane.calledOffAtMs = this.#state.nowMs
    const ranges = runsOf(rising(spare)).slice(0, rangesPerFrameMax)
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'cancel', ranges } })
  }

  /**
   * Relieves slow lanes; `idle` have so much room for blocks, and at the end all that is lacking was asked for. What a
   * slow lane has not begun to send it gives back when told so; what it still owes a while later is asked of another
   * too, at the end. Returns what to ask over which lane.
   */
  look(idle: ReadonlyMap<SwarmLane, number>, isEnd: boolean): Map<SwarmLane, number[]> {
    const { nowMs, lanes, manifest } = this.#state
    const { blockBytes } = manifest!
    const asked = new Map<SwarmLane, number[]>()
    this.#lookAtMs = Infinity
    this.#lookedAtMs = nowMs
    const late = [...lanes.values()]
      .filter((lane) => lane.inFlight.size > 0)
      .map((lane) => ({ lane, etaMs: lane.etaMs(nowMs, lane.inFlight.size * blockBytes) }))
      .sort((a, b) => b.etaMs - a.etaMs)
    for (const [lane, roomBlocks] of idle) {
      const doubled: number[] = []
      let room = roomBlocks
      for (const slow of late) {
        const ownMs = lane.etaMs(nowMs, (lane.inFlight.size + 1) * blockBytes)
        if (slow.etaMs - 2 * ownMs < secondGainMs || room === 0) break
        if (slow.lane.session === lane.session) continue
        const spare = [...slow.lane.inFlight].filter((index) => lane.session!.has(index) && !this.#doubles.has(index))
        const unsent = spare.filter((index) => !slow.lane.cancelled.has(index)).slice(-room)
        const wasTold = unsent.length === 0 && nowMs - slow.lane.calledOffAtMs >= secondLookMs
        const owed = isEnd && wasTold ? spare : []
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
    if (late.length > 0 && idle.size > 0) this.wish()
    return asked
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
    const share = Math.floor(this.#state.manifest!.blockCount / blocksPerSecond)
    const most = first.isSilent(this.#state.nowMs) ? Math.max(silentBlocks, share) : share - silentBlocks
    return Math.max(0, most - this.#duplicates - this.#doubles.size)
  }
}
