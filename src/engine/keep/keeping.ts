import { keepersSwarmId } from '../../core/envelope/keys.ts'
import { FrameReader } from '../../core/exchange/frame-reader.ts'
import type { LaneId, PeerId, SwarmId } from '../../core/ids.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../core/keep/codec.ts'
import { Keeper } from '../../core/keep/keeper.ts'
import { makeReceipt } from '../../core/keep/receipt.ts'
import type { Sign } from '../../core/keep/signed.ts'
import { makeTerms, termsOf } from '../../core/keep/terms.ts'
import type { KeeperEffect, KeeperInput, KeepPolicy, Kept } from '../../core/keep/types.ts'
import { keepFrameBytesMax } from '../../core/limits.ts'
import type { Lane } from '../../network/types.ts'
import type { ItemRecord } from '../../store/types.ts'
import { Alarm } from '../alarm.ts'
import type { EngineParts, KeeperPart } from '../parts.ts'
import { freshRecord } from '../describe.ts'
import { newSetId } from '../set-id.ts'
import type { SwarmDriver } from '../swarm-driver.ts'
import { wallClock } from '../watch.ts'
import { BlindCopy, type CopyListener } from './blind-copy.ts'

export interface KeepingOptions {
  readonly policy: KeepPolicy
  readonly peerId: PeerId
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
  readonly #lanes = new Map<LaneId, Lane>()
  readonly #copies = new Map<SwarmId, BlindCopy>()
  #terms: Promise<Uint8Array> | undefined
  #closed = false

  constructor(parts: EngineParts, options: KeepingOptions) {
    this.#parts = parts
    this.#options = options
    this.#machine = new Keeper(options.policy)
    this.#alarm = new Alarm(wallClock(parts.timers))
  }

  /** What is promised, for whoever runs the keeper. */
  get load(): { readonly promisedBytes: number; readonly copies: number } {
    return { promisedBytes: this.#machine.promisedBytes, copies: this.#machine.copyCount }
  }

  restore(records: readonly ItemRecord[]): void {
    for (const { kept, ...record } of records) {
      if (!kept) continue
      this.#copies.set(kept.swarmId, new BlindCopy(this.#parts, { ...record, kept }, this))
      this.#turn({ type: 'restored', kept })
    }
    if (!this.#options.unlisted) this.#announce()
  }

  /** Whoever looks for keepers finds those that are open to all. [KE20] */
  #announce(): void {
    if (termsOf(this.#options.policy).invited) return
    this.#parts.discovery.join(keepersSwarmId(), { seeking: false, onPeers: () => undefined })
  }

  find(swarmId: SwarmId): { driver(): SwarmDriver } | undefined {
    const copy = this.#copies.get(swarmId)
    return copy?.isOpen ? copy : undefined
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
    this.#parts.log('copy-unusable', { message: error instanceof Error ? error.name : 'unknown' })
    this.#turn({ type: 'unusable', swarmId })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#alarm.cancel()
    for (const lane of this.#lanes.values()) lane.close()
    for (const copy of this.#copies.values()) await copy.close()
  }

  #turn(input: KeeperInput): void {
    if (this.#closed) return
    for (const effect of this.#machine.handle(Date.now(), input)) this.#perform(effect)
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.#turn({ type: 'wake' }))
  }

  #perform(effect: KeeperEffect): void {
    switch (effect.type) {
      case 'send':
        this.#lanes.get(effect.laneId)?.send(encodeKeepFrame(effect.frame))
        return
      case 'close':
        return this.#lanes.get(effect.laneId)?.close()
      case 'save':
        return void this.#save(effect.kept, effect.laneId)
      case 'update':
        return void this.#save(effect.kept)
      case 'accept':
        return void this.#answer(effect)
      case 'tell-terms':
        return void this.#tellTerms(effect.laneId)
      case 'begin':
        return void this.#begin(effect.kept.swarmId)
      case 'end':
        return void this.#end(effect.swarmId)
    }
  }

  async #save(kept: Kept, laneId?: LaneId): Promise<void> {
    const { swarmId } = kept
    const copy = this.#copies.get(swarmId) ?? new BlindCopy(this.#parts, recordOf(kept), this)
    this.#copies.set(swarmId, copy)
    try {
      await copy.keep(kept)
      if (laneId !== undefined) this.#turn({ type: 'saved', laneId, swarmId })
    } catch (error) {
      this.#parts.log('promise-not-saved', { message: error instanceof Error ? error.name : 'unknown' })
      if (laneId !== undefined) this.#turn({ type: 'save-failed', laneId, swarmId })
    }
  }

  async #answer({ laneId, kept, fromMs }: Extract<KeeperEffect, { type: 'accept' }>): Promise<void> {
    const { peerId, sign } = this.#options
    const { manifestCid, sizeBytes, untilMs, swarmId } = kept
    const receipt = await makeReceipt({ keeper: peerId, manifestCid, sizeBytes, fromMs, untilMs }, sign)
    this.#lanes.get(laneId)?.send(encodeKeepFrame({ type: 'accepted', swarmId, receipt }))
  }

  async #tellTerms(laneId: LaneId): Promise<void> {
    const { peerId, sign, policy } = this.#options
    this.#terms ??= makeTerms(peerId, termsOf(policy), sign)
    this.#lanes.get(laneId)?.send(encodeKeepFrame({ type: 'terms', terms: await this.#terms }))
  }

  async #begin(swarmId: SwarmId): Promise<void> {
    try {
      await this.#copies.get(swarmId)?.begin()
    } catch (error) {
      this.onUnusable(swarmId, error)
    }
  }

  async #end(swarmId: SwarmId): Promise<void> {
    const copy = this.#copies.get(swarmId)
    this.#copies.delete(swarmId)
    try {
      await copy?.remove()
    } catch (error) {
      // It is found and removed at the next start, when its term is over.
      this.#parts.log('copy-not-removed', { message: error instanceof Error ? error.name : 'unknown' })
    }
  }
}

const recordOf = (kept: Kept): ItemRecord & { readonly kept: Kept } => ({
  ...freshRecord(newSetId()),
  origin: 'fetched',
  kind: kept.swarmKey ? 'sealed' : 'plain',
  manifestCid: kept.manifestCid,
  kept
})
