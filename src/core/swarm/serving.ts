import type { BlockRange } from '../block/bitmap.ts'
import { BeyondEnd } from '../exchange/errors.ts'
import type { RefuseCode } from '../exchange/types.ts'
import type { GroupIndex } from '../ids.ts'
import { blockBytes as usualBlockBytes, messageBlocks, messagesUnderWayMax, stallTimeoutMs } from '../limits.ts'
import { groupCountOf, type HashGroup } from '../merkle/group.ts'
import type { SwarmLane } from './lane.ts'
import type { Session } from './session.ts'
import type { SwarmState } from './state.ts'
import type { UploadLimit } from './upload-limit.ts'

/** The serving half: who is sent what next. Owns the lanes' queues. */
export class Serving {
  readonly #state: SwarmState
  /** Lanes that wait for blocks. */
  readonly #waiting = new Set<SwarmLane>()
  /** Something may go out that could not before. */
  #hasChanged = false

  constructor(state: SwarmState) {
    this.#state = state
  }

  /** Returns what of it is going to be sent. */
  onWant(lane: SwarmLane, ranges: readonly BlockRange[]): readonly BlockRange[] {
    const { held } = this.#state
    if (held && ranges.some(({ start, count }) => start + count > held.size)) throw new BeyondEnd()
    const code = this.#objection ?? (lane.queuedBlocks === 0 && this.#isCrowded() ? 'busy' : undefined)
    if (code) this.#refuse(lane, code, ranges)
    return code ? [] : this.#enqueue(lane, ranges)
  }

  /** Why nothing is served. */
  get #objection(): RefuseCode | undefined {
    const { held, options } = this.#state
    if (!options.serving) return 'not-serving'
    return held ? undefined : 'not-held'
  }

  #enqueue(lane: SwarmLane, ranges: readonly BlockRange[]): readonly BlockRange[] {
    const held = this.#state.held!
    this.#join(lane.session!)
    const queued: BlockRange[] = []
    const missing: BlockRange[] = []
    const over: BlockRange[] = []
    for (const { start, count } of ranges) {
      const taken = Math.min(count, lane.queueRoom)
      const range = { start, count: taken }
      if (taken < count) over.push({ start: start + taken, count: count - taken })
      if (taken === 0) continue
      if (!held.hasRange(range)) {
        missing.push(range)
        continue
      }
      lane.enqueue(range)
      queued.push(range)
    }
    if (lane.queuedBlocks > 0) this.#waiting.add(lane)
    this.#hasChanged = true
    if (missing.length > 0) this.#refuse(lane, 'not-held', missing)
    if (over.length > 0) this.#refuse(lane, 'busy', over)
    return queued
  }

  /** What is still in the queue will not come; what is under way will. [EX12] */
  onCancel(lane: SwarmLane, ranges: readonly BlockRange[]): void {
    const removed = ranges.flatMap((range) => lane.cancel(range))
    if (lane.queuedBlocks === 0) this.release(lane)
    if (removed.length > 0) this.#refuse(lane, 'cancelled', removed)
  }

  onWantHashes(lane: SwarmLane, group: GroupIndex): void {
    const code = this.#objection
    if (code) {
      lane.refused(1)
      return this.#refuseHashes(lane, group, code)
    }
    if (group >= groupCountOf(this.#state.held!.size)) throw new BeyondEnd()
    lane.enqueueGroup()
    this.#state.emit({ type: 'read-hashes', laneId: lane.info.laneId, group })
  }

  onHashesRead(lane: SwarmLane, group: GroupIndex, hashes: HashGroup | RefuseCode): void {
    lane.answeredGroup()
    if (typeof hashes === 'string') return this.#refuseHashes(lane, group, hashes)
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'hashes', group, hashes } })
  }

  onSent(lane: SwarmLane, bytes: number): void {
    lane.messagesUnderWay--
    lane.session!.sent(this.#state.nowMs, bytes)
    this.#hasChanged = true
  }

  /** Of what was evicted nothing comes, and the rest without it; what is held the store may give later. [SW12] */
  onMissing(lane: SwarmLane, { start, count }: BlockRange): void {
    lane.messagesUnderWay--
    this.#hasChanged = true
    if (this.#state.held!.hasRange({ start, count })) return this.#refuse(lane, 'busy', [{ start, count }])
    const each = Array.from({ length: count }, (_, i) => ({ start: start + i, count: 1 }))
    this.onWant(lane, each)
  }

  setBlocked(lane: SwarmLane, isBlocked: boolean): void {
    lane.setBlocked(isBlocked)
    this.#hasChanged ||= !isBlocked
  }

  /** The lane ended. */
  release(lane: SwarmLane): void {
    this.#waiting.delete(lane)
    if (this.#waiting.size === 0) this.#limit?.withdraw(this)
  }

  /** When the upload limit lets more out. */
  wakeAtMs(): number {
    return this.#limit?.readyAtMs(this) ?? Infinity
  }

  /** Sends on, always to the peer that got least, while lanes take more. [SW9] */
  pump(): void {
    const { manifest, nowMs } = this.#state
    if (!manifest || (!this.#hasChanged && nowMs < this.wakeAtMs())) return
    this.#hasChanged = false
    const { blockBytes } = manifest
    const most = blocksPerMessage(blockBytes, this.#limit?.bytesPerSecond ?? Infinity)
    for (let next = this.#next(); next; next = this.#next()) {
      const bytes = Math.min(most, next.queue[0]!.count) * blockBytes
      if (this.#limit && !this.#limit.take(nowMs, this, bytes)) return
      const range = next.dequeue(most)!
      if (next.queuedBlocks === 0) this.#waiting.delete(next)
      next.messagesUnderWay++
      next.session!.servedVirtual += bytes
      this.#state.emit({ type: 'send-blocks', laneId: next.info.laneId, ...range })
    }
    this.#limit?.withdraw(this)
  }

  get #limit(): UploadLimit | undefined {
    return this.#state.options.uploadLimit
  }

  /** So many wait already that one more would take its wait for silence. [SW18] */
  #isCrowded(): boolean {
    if (!this.#limit) return false
    const perTurn = this.#state.manifest!.blockBytes / this.#limit.bytesPerSecond
    const turns = (this.#waiting.size + 1) * this.#limit.turns(this)
    return turns > 1 && turns * perTurn * 1000 > stallTimeoutMs / 3
  }

  #next(): SwarmLane | undefined {
    let next: SwarmLane | undefined
    for (const lane of this.#waiting) {
      if (isReady(lane) && (!next || lane.session!.servedVirtual < next.session!.servedVirtual)) next = lane
    }
    return next
  }

  /** One that comes, or comes back after a pause, must not catch up on what others got meanwhile. */
  #join(session: Session): void {
    let least = Infinity
    for (const { session: other } of this.#waiting) {
      if (other === session) return
      least = Math.min(least, other!.servedVirtual)
    }
    if (least < Infinity) session.servedVirtual = Math.max(session.servedVirtual, least)
  }

  #refuseHashes(lane: SwarmLane, group: GroupIndex, code: RefuseCode): void {
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'refuse-hashes', group, code } })
  }

  #refuse(lane: SwarmLane, code: RefuseCode, ranges: readonly BlockRange[]): void {
    lane.refused(ranges.length)
    this.#state.emit({ type: 'send', laneId: lane.info.laneId, frame: { type: 'refuse', code, ranges } })
  }
}

const isReady = (lane: SwarmLane): boolean =>
  lane.state === 'open' && !lane.isBlocked && lane.messagesUnderWay < messagesUnderWayMax

/** Blocks in one message: three of the usual size, fewer of larger ones, and no more than go out within a second. */
const blocksPerMessage = (blockBytes: number, bytesPerSecond: number): number =>
  Math.max(
    1,
    Math.min(messageBlocks, Math.floor(Math.min(messageBlocks * usualBlockBytes, bytesPerSecond) / blockBytes))
  )
