import type { BlockRange } from '../block/bitmap.ts'
import type { GroupIndex } from '../ids.ts'
import { blockBytes as usualBlockBytes, messageBlocks, messagesUnderWayMax } from '../limits.ts'
import type { HashGroup } from '../merkle/group.ts'
import { runsOf } from './asking.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'

/** The serving half: who is sent what next. Owns the sessions' queues. */
export class Serving {
  readonly #state: SwarmState

  constructor(state: SwarmState) {
    this.#state = state
  }

  onWant(session: Session, ranges: readonly BlockRange[]): void {
    if (!this.#state.options.serving || !this.#state.held) return this.#refuse(session, 'not-serving', ranges)
    const { held } = this.#state
    if (session.queuedBlocks === 0) this.#join(session)
    const missing: BlockRange[] = []
    const over: BlockRange[] = []
    for (const range of ranges) {
      if (range.start + range.count > held.size || !held.hasRange(range)) {
        missing.push(range)
        continue
      }
      const rest = session.enqueue(range)
      if (rest) over.push(rest)
    }
    if (missing.length > 0) this.#refuse(session, 'not-held', missing)
    if (over.length > 0) this.#refuse(session, 'busy', over)
  }

  onWantHashes(session: Session, group: GroupIndex): void {
    const { laneId } = session.lane
    if (!this.#state.options.serving || !this.#state.held) {
      this.#state.emit({ type: 'send', laneId, frame: { type: 'refuse-hashes', group, code: 'not-serving' } })
      return
    }
    session.enqueueGroup()
    this.#state.emit({ type: 'read-hashes', laneId, group })
  }

  onHashesRead(session: Session, group: GroupIndex, hashes: HashGroup | undefined): void {
    session.groupsQueued--
    const frame = hashes
      ? ({ type: 'hashes', group, hashes } as const)
      : ({ type: 'refuse-hashes', group, code: 'not-held' } as const)
    this.#state.emit({ type: 'send', laneId: session.lane.laneId, frame })
  }

  onSent(session: Session, bytes: number): void {
    session.messagesUnderWay--
    session.sentBytes += bytes
  }

  onMissing(session: Session, range: BlockRange): void {
    session.messagesUnderWay--
    this.#refuse(session, 'not-held', [range])
  }

  /** Sends on, always to the one that got least, while lanes take more. [SW6] */
  pump(): void {
    const ready = (session: Session) =>
      session.state === 'open' &&
      session.queuedBlocks > 0 &&
      !session.blocked &&
      session.messagesUnderWay < messagesUnderWayMax
    for (;;) {
      let next: Session | undefined
      for (const session of this.#state.sessions.values()) {
        if (ready(session) && (!next || session.servedVirtual < next.servedVirtual)) next = session
      }
      const { manifest } = this.#state
      if (!next || !manifest) return
      const range = next.dequeue(blocksPerMessage(manifest.blockBytes))!
      next.messagesUnderWay++
      next.servedVirtual += range.count * manifest.blockBytes
      this.#state.emit({ type: 'send-blocks', laneId: next.lane.laneId, ...range })
    }
  }

  /** Tells a session what became durable since it was told last. */
  tell(session: Session): void {
    const { laneId } = session.lane
    session.toldAtMs = this.#state.nowMs
    const indexes = session.toTell.map((range) => range.start).sort((a, b) => a - b)
    session.toTell = []
    if (this.#state.isComplete) {
      session.toldComplete = true
      const serving = this.#state.options.serving
      this.#state.emit({ type: 'send', laneId, frame: { type: 'state', serving, complete: true, ranges: [] } })
      return
    }
    const ranges = runsOf(indexes)
    const told = ranges.reduce((sum, range) => sum + range.count, 0)
    for (const index of indexes.slice(told)) session.toTell.push({ start: index, count: 1 })
    this.#state.emit({ type: 'send', laneId, frame: { type: 'have', ranges } })
  }

  /** One that comes back after a pause must not catch up on what others got meanwhile. */
  #join(session: Session): void {
    const active = [...this.#state.sessions.values()].filter((other) => other !== session && other.queuedBlocks > 0)
    if (active.length === 0) return
    session.servedVirtual = Math.max(session.servedVirtual, Math.min(...active.map((other) => other.servedVirtual)))
  }

  #refuse(session: Session, code: 'busy' | 'not-held' | 'not-serving', ranges: readonly BlockRange[]): void {
    this.#state.emit({ type: 'send', laneId: session.lane.laneId, frame: { type: 'refuse', code, ranges } })
  }
}

/** Blocks in one message: three of the usual size, fewer of larger ones. */
const blocksPerMessage = (blockBytes: number): number =>
  Math.max(1, Math.min(messageBlocks, Math.floor((messageBlocks * usualBlockBytes) / blockBytes)))
