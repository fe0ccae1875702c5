import type { LaneId, SetId, SwarmId } from '../core/ids.ts'
import { dormantAfterMs, dormantLookMs } from '../core/limits.ts'
import { encodeTrackerFrame } from '../core/tracker/codec.ts'
import { DormantAnnouncer, type DormantInput } from '../core/tracker/dormant.ts'
import type { Lane } from '../network/types.ts'
import { type PagedCatalog, placingOf } from '../store/paged.ts'
import type { ItemRecord } from '../store/types.ts'
import { Alarm } from './alarm.ts'
import type { TrackerListener } from './discovery.ts'
import type { DataItem } from './item.ts'
import type { DormantHost, DormantPart, EngineParts } from './parts.ts'

interface Told {
  readonly lane: Lane
  readonly machine: DormantAnnouncer
  readonly alarm: Alarm
}

/**
 * Keeps in memory those items only that something is done about. The others are dormant: in the catalog, announced from
 * there, and taken up when somebody asks for one. Give it to an engine as its `dormant`.
 */
export class Dormant implements DormantPart, TrackerListener {
  readonly #parts: EngineParts
  readonly #catalog: PagedCatalog
  readonly #told = new Map<LaneId, Told>()
  readonly #idleSinceMs = new Map<SetId, number>()
  #cancelLook: (() => void) | undefined

  constructor(parts: EngineParts, catalog: PagedCatalog) {
    this.#parts = parts
    this.#catalog = catalog
    parts.discovery.listener = this // a copy that is taken up may bring the network before `begin`
  }

  restless(): Promise<ItemRecord[]> {
    return this.#catalog.restless()
  }

  bySwarm(swarmId: SwarmId): Promise<ItemRecord | undefined> {
    return this.#catalog.servedBySwarm(swarmId)
  }

  begin(host: DormantHost): void {
    void this.#startNetwork()
    this.#lookLater(host)
  }

  touch(id: SetId): void {
    this.#idleSinceMs.delete(id)
  }

  close(): void {
    this.#cancelLook?.()
    for (const { alarm } of this.#told.values()) alarm.cancel()
    this.#told.clear()
  }

  onReady(lane: Lane): void {
    const { timers, role } = this.#parts
    const told = this.#told.get(lane.id) ?? { lane, machine: new DormantAnnouncer(role), alarm: new Alarm(timers) }
    this.#told.set(lane.id, told)
    this.#turn(told, { type: 'ready' })
  }

  onClosed(lane: Lane): void {
    this.#told.get(lane.id)?.alarm.cancel()
    this.#told.delete(lane.id)
  }

  /** Where nothing is in memory nobody else would. */
  async #startNetwork(): Promise<void> {
    const [first] = await this.#catalog.servedSwarms(undefined, 1)
    if (first) await this.#parts.network.start()
  }

  #turn(told: Told, input: DormantInput): void {
    if (this.#told.get(told.lane.id) !== told) return
    for (const effect of told.machine.handle(this.#parts.timers.nowMs(), input)) {
      if (effect.type === 'send') told.lane.send(encodeTrackerFrame(effect.frame))
      else void this.#look(told, effect.after, effect.count)
    }
    told.alarm.setAtMs(told.machine.wakeAtMs(), () => this.#turn(told, { type: 'wake' }))
  }

  async #look(told: Told, after: SwarmId | undefined, count: number): Promise<void> {
    try {
      this.#turn(told, { type: 'page', swarmIds: await this.#catalog.servedSwarms(after, count) })
    } catch {
      this.#parts.log('dormant-unread') // the catalog is closed, or its disk is gone: there is nothing to announce
    }
  }

  #lookLater(host: DormantHost): void {
    this.#cancelLook = this.#parts.timers.after(dormantLookMs, () => {
      const nowMs = this.#parts.timers.nowMs()
      for (const item of host.led()) this.#lookAt(item, nowMs, host)
      this.#lookLater(host)
    })
  }

  #lookAt(item: DataItem, nowMs: number, host: DormantHost): void {
    const idle = !item.isBusy && placingOf(item.record).standing !== 'restless'
    const since = idle ? (this.#idleSinceMs.get(item.id) ?? nowMs) : undefined
    this.#idleSinceMs.delete(item.id)
    if (since === undefined) return
    if (nowMs - since >= dormantAfterMs) host.putToRest(item)
    else this.#idleSinceMs.set(item.id, since)
  }
}
