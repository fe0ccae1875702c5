import { type ErrorReport, ReportedError, reportOf } from '../core/errors.ts'
import type { SetId } from '../core/ids.ts'
import { Tabs } from '../core/tabs/tabs.ts'
import type { TabCommand, TabMessage, TabsEffect, TabsInput } from '../core/tabs/types.ts'
import { Alarm } from './alarm.ts'
import { ItemGone } from './errors.ts'
import { newSetId } from './set-id.ts'
import type { ItemView } from './types.ts'
import type { Timers } from './watch.ts'

/** What a browser gives its tabs to agree by. */
export interface TabGround {
  readonly locks: Pick<LockManager, 'request'>
  readonly channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage' | 'close'>
}

/** Undefined where the browser lacks either part: the tab then works alone. [TB10] */
export function tabGround(): TabGround | undefined {
  const { locks } = globalThis.navigator as { locks?: LockManager }
  if (!locks || !('BroadcastChannel' in globalThis)) return undefined
  return { locks, channel: new BroadcastChannel('quire tabs 1') }
}

/** What the machine decides for the library. */
export interface TabsListener {
  lead(id: SetId): void
  follow(id: SetId): void
  show(id: SetId, view: ItemView): void
  gone(id: SetId): void
  /** Somebody came: tell what is led here. */
  greet(): void
  perform(id: SetId, command: TabCommand): Promise<void>
}

const lockOf = (id: SetId): string => `quire set ${id}`

/** Carries out what the tabs' machine decides: locks, messages, calls. */
export class TabsDriver {
  readonly #ground: TabGround
  readonly #timers: Timers
  readonly #listener: TabsListener
  readonly #machine = new Tabs<ItemView>(newSetId())
  readonly #alarm: Alarm
  /** How to let go of a lock, or to stop waiting for it. */
  readonly #locks = new Map<SetId, () => void>()
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()
  #lastCall = 0
  #closed = false

  constructor(ground: TabGround, timers: Timers, listener: TabsListener) {
    this.#ground = ground
    this.#timers = timers
    this.#listener = listener
    this.#alarm = new Alarm(timers)
    ground.channel.onmessage = ({ data }: MessageEvent<TabMessage<ItemView>>) =>
      this.turn({ type: 'message', message: data })
    this.turn({ type: 'begin' })
  }

  /** Whether this tab leads the data set. */
  leads(id: SetId): boolean {
    return this.#machine.leads(id)
  }

  /** Resolves when whoever leads the data set has done it. */
  async ask(id: SetId, command: TabCommand): Promise<void> {
    if (!this.#machine.has(id)) throw new ItemGone()
    const call = ++this.#lastCall
    const waiting = Promise.withResolvers<void>()
    this.#waiting.set(call, waiting)
    this.turn({ type: 'ask', call, id, command })
    await waiting.promise
  }

  /** Runs `work` if no other tab leads the data set, and none does until it ends. */
  async ifUnled(id: SetId, work: () => Promise<void>): Promise<void> {
    if (this.leads(id)) return work()
    await this.#ground.locks.request(lockOf(id), { ifAvailable: true }, (lock) => (lock ? work() : undefined))
  }

  turn(input: TabsInput<ItemView>): void {
    if (this.#closed) return
    for (const effect of this.#machine.handle(this.#timers.nowMs(), input)) this.#perform(effect)
    this.#alarm.setAtMs(this.#machine.wakeAtMs(), () => this.turn({ type: 'wake' }))
  }

  close(): void {
    this.#closed = true
    this.#alarm.cancel()
    this.#ground.channel.close()
    for (const release of this.#locks.values()) release()
  }

  #perform(effect: TabsEffect<ItemView>): void {
    switch (effect.type) {
      case 'lock':
        return void this.#lock(effect.id, effect.steal)
      case 'unlock':
        return this.#locks.get(effect.id)?.()
      case 'post':
        return this.#ground.channel.postMessage(effect.message)
      case 'perform':
        return void this.#do(effect)
      case 'settle':
        return this.#settle(effect.call, effect.report)
      case 'show':
        return this.#listener.show(effect.id, effect.view)
      case 'greet':
        return this.#listener.greet()
      default:
        return this.#listener[effect.type](effect.id)
    }
  }

  /** The lock is held until it is let go, taken away, or the tab ends in whatever way. [TB1] */
  async #lock(id: SetId, steal: boolean): Promise<void> {
    this.#locks.get(id)?.()
    const waiting = new AbortController()
    const held = Promise.withResolvers<void>()
    const release = () => {
      waiting.abort()
      held.resolve()
      if (this.#locks.get(id) === release) this.#locks.delete(id)
    }
    this.#locks.set(id, release)
    const take = () => {
      if (this.#locks.get(id) !== release) return
      this.turn({ type: 'granted', id })
      return held.promise
    }
    try {
      await this.#ground.locks.request(lockOf(id), steal ? { steal } : { signal: waiting.signal }, take)
    } catch (error) {
      if (this.#locks.get(id) !== release) return // nobody here waits for it
      if (this.leads(id)) return this.turn({ type: 'lost', id })
      if ((error as Error).name !== 'AbortError') void take() // the browser gives no locks: nobody else leads
    }
  }

  async #do({ from, call, id, command }: Extract<TabsEffect<ItemView>, { type: 'perform' }>): Promise<void> {
    const report = await this.#listener.perform(id, command).then(() => undefined, reportOf)
    this.turn({ type: 'done', from, call, report })
  }

  #settle(call: number, report: ErrorReport | undefined): void {
    const waiting = this.#waiting.get(call)
    this.#waiting.delete(call)
    if (report) waiting?.reject(new ReportedError(report))
    else waiting?.resolve()
  }
}
