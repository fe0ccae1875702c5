import { FrameReader } from '../../core/exchange/frame-reader.ts'
import type { LaneId, PeerId, SwarmId } from '../../core/ids.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../core/keep/codec.ts'
import { Keeper } from '../../core/keep/keeper.ts'
import { makeReceipt } from '../../core/keep/receipt.ts'
import type { Sign } from '../../core/keep/signed.ts'
import { makeTerms, termsOf } from '../../core/keep/terms.ts'
import type { GivenTokens, KeeperEffect, KeeperInput, KeepPolicy, KnownKeepFrame } from '../../core/keep/types.ts'
import {
  catalogPageItems,
  dormantAfterMs,
  dormantLookMs,
  endsToldMax,
  keepEndsPauseMs,
  keepFrameBytesMax
} from '../../core/limits.ts'
import type { Lane } from '../../network/types.ts'
import type { KeptRecord, PagedCatalog } from '../../store/paged.ts'
import type { ItemRecord } from '../../store/types.ts'
import { Alarm } from '../alarm.ts'
import type { EngineParts, KeeperPart } from '../parts.ts'
import { keptRecord } from '../describe.ts'
import { newSetId } from '../set-id.ts'
import type { SwarmDriver } from '../swarm-driver.ts'
import { wallClock } from '../watch.ts'
import { Announcing } from './announcing.ts'
import { BlindCopy, type CopyListener } from './blind-copy.ts'

export interface KeepingOptions {
  readonly policy: KeepPolicy
  readonly peerId: PeerId
  /** The engine's own. */
  readonly catalog: PagedCatalog
  /** Signs with the key of that peer id. */
  readonly sign: Sign
  /** Strangers are not told of it. */
  readonly unlisted?: boolean
}

/** Holds data sets for others: the driver of the keeper's machine. Give it to an engine as its `keeper`. */
export class Keeping implements KeeperPart, CopyListener {
  readonly #parts: EngineParts
  readonly #options: KeepingOptions
  readonly #machine: Keeper
  readonly #alarm: Alarm
  readonly #announcing: Announcing
  readonly #lanes = new Map<LaneId, Lane>()
  /** Those that come, are asked about, or are served to somebody; the others are in the catalog alone. [KE24] */
  readonly #copies = new Map<SwarmId, BlindCopy>()
  #terms: Promise<Uint8Array> | undefined
  /** What is being removed, until it is: nothing that the catalog says of it counts meanwhile. */
  readonly #ending = new Map<SwarmId, Promise<boolean>>()
  #cancelLook: (() => void) | undefined
  #closed = false

  constructor(parts: EngineParts, options: KeepingOptions) {
    this.#parts = parts
    this.#options = options
    this.#machine = new Keeper(options.policy)
    this.#alarm = new Alarm(wallClock(parts.timers))
    this.#announcing = new Announcing(parts.discovery)
    parts.room.expect('copies', () => this.#machine.comingBytes)
  }

  /** What is promised, and what can still be stored, for whoever runs the keeper. */
  get load(): { readonly promisedBytes: number; readonly copies: number; readonly leftBytes: number } {
    const { bytes, copies } = this.#machine.promised
    return { promisedBytes: bytes, copies, leftBytes: this.#parts.room.leftBytes }
  }

  /** Who is invited from now on, at a keeper by invitation. [KE28] */
  invite(given: GivenTokens): void {
    this.#turn({ type: 'invited', ...given })
    this.#announcing.toInvited(given.tokens)
  }

  /** What it accepts, signed, for whoever has not offered anything yet. */
  terms(): Promise<Uint8Array> {
    const { peerId, sign, policy } = this.#options
    this.#terms ??= makeTerms(peerId, termsOf(policy), sign)
    return this.#terms
  }

  async restore(records: readonly ItemRecord[]): Promise<void> {
    const coming = records.filter((record): record is KeptRecord => record.kept !== undefined && !record.complete)
    for (const record of coming) this.#copies.set(record.kept.swarmId, new BlindCopy(this.#parts, record, this))
    const totals = await this.#options.catalog.keptTotals()
    this.#turn({ type: 'restored', totals, coming: coming.map(({ kept }) => kept) })
    this.#lookForIdleLater()
    const { policy, unlisted } = this.#options
    if (!unlisted && !termsOf(policy).invited) this.#announcing.toAll()
    this.#announcing.toInvited(policy.tokens ?? [])
  }

  find(swarmId: SwarmId): { driver(): SwarmDriver } | undefined {
    const copy = this.#copies.get(swarmId)
    return copy?.isOpen ? copy : undefined
  }

  async wake(swarmId: SwarmId): Promise<{ driver(): SwarmDriver } | undefined> {
    const record = await this.#recall(() => this.#options.catalog.keptBySwarm(swarmId), swarmId)
    if (record && !this.#closed) await this.#copyOf(record).begin()
    return this.find(swarmId)
  }

  accept(lane: Lane): void {
    const reader = new FrameReader(keepFrameBytesMax)
    this.#lanes.set(lane.id, lane)
    lane.onChunk = (chunk) => {
      try {
        for (const raw of reader.push(chunk)) {
          this.#turn({ type: 'frame', laneId: lane.id, frame: decodeKeepFrame(raw) })
        }
      } catch {
        lane.close() // what it sent makes no sense; it may come back and do better
      }
    }
    lane.onClose = () => {
      this.#lanes.delete(lane.id)
      this.#turn({ type: 'closed', laneId: lane.id })
    }
    this.#turn({ type: 'opened', laneId: lane.id, peerId: lane.peerId })
  }

  onProgress(swarmId: SwarmId, heldBytes: number, isWhole: boolean): void {
    this.#turn({ type: 'progress', swarmId, heldBytes, isWhole })
  }

  onMeasured(swarmId: SwarmId, sizeBytes: number): void {
    this.#turn({ type: 'measured', swarmId, sizeBytes })
  }

  onUnusable(swarmId: SwarmId, error: unknown): void {
    this.#parts.log('copy-unusable', { message: nameOf(error) })
    this.#turn({ type: 'unusable', swarmId })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#alarm.cancel()
    this.#cancelLook?.()
    for (const lane of this.#lanes.values()) lane.close()
    for (const copy of this.#copies.values()) await copy.close()
    await Promise.all(this.#ending.values())
  }

  #turn(input: KeeperInput): void {
    if (this.#closed) return
    for (const effect of this.#machine.handle(Date.now(), input)) this.#perform(effect)
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.#turn({ type: 'wake' }))
  }

  #perform(effect: KeeperEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#tell(effect.laneId, effect.frame)
      case 'close':
        return this.#lanes.get(effect.laneId)?.close()
      case 'look':
        return void this.#look(effect)
      case 'save':
      case 'update':
        return void this.#save(effect)
      case 'accept':
        return void this.#answer(effect)
      case 'tell-terms':
        return void this.terms().then((terms) => this.#tell(effect.laneId, { type: 'terms', terms }))
      case 'begin':
        return void this.#copies.get(effect.kept.swarmId)?.begin()
      case 'rest':
        return this.#rest(effect.swarmId)
      case 'end':
        return void this.#end(effect)
      case 'end-overdue':
        return void this.#endOverdue(effect.byMs)
    }
  }

  #tell(laneId: LaneId, frame: KnownKeepFrame): void {
    this.#lanes.get(laneId)?.send(encodeKeepFrame(frame))
  }

  async #look({ laneId, peerId, swarmId }: Extract<KeeperEffect, { type: 'look' }>): Promise<void> {
    try {
      const { room } = this.#parts
      await room.refresh()
      const found = await this.#recall(() => this.#options.catalog.keptFor(swarmId, peerId), swarmId)
      const { record, theirs } = found
      const whole = record && { kept: record.kept, heldBytes: this.#copyOf(record).sizeBytes }
      this.#turn({ type: 'found', laneId, swarmId, whole, theirs, leftBytes: room.leftBytes })
    } catch (error) {
      this.#parts.log('copy-unread', { message: nameOf(error) })
      this.#turn({ type: 'look-failed', laneId })
    }
  }

  /** What the catalog says of a copy that is not just being removed. */
  async #recall<T>(read: () => Promise<T>, swarmId: SwarmId): Promise<T> {
    await this.#ending.get(swarmId)
    const found = await read()
    return this.#ending.has(swarmId) ? this.#recall(read, swarmId) : found
  }

  #copyOf(record: KeptRecord): BlindCopy {
    const { swarmId } = record.kept
    const copy = this.#copies.get(swarmId) ?? new BlindCopy(this.#parts, record, this)
    this.#copies.set(swarmId, copy)
    return copy
  }

  async #save({ type, kept, laneId }: Extract<KeeperEffect, { type: 'save' | 'update' }>): Promise<void> {
    const { swarmId } = kept
    try {
      await this.#copyOf(keptRecord(newSetId(), kept)).keep(kept)
      this.#turn(type === 'save' ? { type: 'saved', laneId, swarmId, kept } : { type: 'let-go', laneId, swarmId })
    } catch (error) {
      this.#parts.log('promise-not-saved', { message: nameOf(error) })
      if (type === 'save') this.#turn({ type: 'save-failed', laneId, swarmId })
    }
  }

  async #answer({ laneId, kept, fromMs }: Extract<KeeperEffect, { type: 'accept' }>): Promise<void> {
    const { peerId, sign } = this.#options
    const { manifestCid, sizeBytes, untilMs, swarmId } = kept
    const receipt = await makeReceipt({ keeper: peerId, manifestCid, sizeBytes, fromMs, untilMs }, sign)
    this.#turn({ type: 'signed', laneId, swarmId, receipt })
  }

  /** One that is served goes on until nobody was there for a while. */
  #rest(swarmId: SwarmId): void {
    if (this.#copies.get(swarmId)?.hasBegun === false) this.#copies.delete(swarmId)
  }

  #lookForIdleLater(): void {
    this.#cancelLook = this.#parts.timers.after(dormantLookMs, () => {
      const nowMs = this.#parts.timers.nowMs()
      for (const [swarmId, copy] of this.#copies) {
        if (copy.idleMs(nowMs, this.#machine.has(swarmId)) < dormantAfterMs) continue
        this.#copies.delete(swarmId)
        void copy.rest()
      }
      this.#lookForIdleLater()
    })
  }

  async #end({ swarmId, laneId, followers }: Extract<KeeperEffect, { type: 'end' }>): Promise<void> {
    const isGone = await this.#remove(swarmId, async () => this.#copies.get(swarmId)?.remove())
    const told = isGone && laneId !== undefined ? [...followers, laneId] : followers
    for (const each of told) this.#turn({ type: 'let-go', laneId: each, swarmId })
  }

  /** Resolves with whether it is gone. What could not be removed is at the next start, when its term is over. */
  #remove(swarmId: SwarmId, remove: () => Promise<unknown>): Promise<boolean> {
    const removing = remove().then(
      () => true,
      (error: unknown) => {
        this.#parts.log('copy-not-removed', { message: nameOf(error) })
        return false
      }
    )
    this.#copies.delete(swarmId)
    const ending = removing.finally(() => {
      if (this.#ending.get(swarmId) === ending) this.#ending.delete(swarmId)
    })
    this.#ending.set(swarmId, ending)
    return ending
  }

  /** What nothing is known of here and whose term is over, a page at a time. [KE7] */
  async #endOverdue(byMs: number): Promise<void> {
    const { catalog } = this.#options
    try {
      const page = await catalog.keptEnded(byMs, catalogPageItems)
      const ours = page.filter(({ kept: { swarmId } }) => !this.#machine.has(swarmId) && !this.#ending.has(swarmId))
      const removed = await Promise.all(ours.map((record, i) => this.#removeRested(record, i < endsToldMax)))
      const gone = ours.filter((_, i) => removed[i])
      const isMore = page.length === catalogPageItems || gone.length < ours.length
      const pauseMs = gone.length === 0 ? keepEndsPauseMs : 0
      const nextAtMs = isMore ? byMs + pauseMs : ((await catalog.nextKeptEnd(byMs)) ?? Infinity)
      const bytes = gone.reduce((sum, { kept }) => sum + kept.sizeBytes, 0)
      this.#turn({ type: 'ended', gone: { copies: gone.length, bytes }, nextAtMs })
    } catch (error) {
      this.#parts.log('ends-unread', { message: nameOf(error) })
      this.#turn({ type: 'ended', gone: { copies: 0, bytes: 0 }, nextAtMs: byMs + keepEndsPauseMs })
    }
  }

  #removeRested(record: KeptRecord, isTold: boolean): Promise<boolean> {
    const { swarmId } = record.kept
    const copy = this.#copies.get(swarmId) ?? new BlindCopy(this.#parts, record, this)
    return this.#remove(swarmId, () => copy.remove(isTold))
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')
