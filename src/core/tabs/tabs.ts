import { type ErrorReport, QuireError, reportOf } from '../errors.ts'
import type { SetId } from '../ids.ts'
import { tabCallRepeatMs, tabCallsMax, tabSilenceMs } from '../limits.ts'
import type { TabCommand, TabMessage, TabsEffect, TabsInput } from './types.ts'

/** More is asked of other tabs than they can be expected to do. */
export class TabsBusy extends QuireError {
  readonly code = 'tabs-busy'
  readonly fault = 'environment'
  readonly retryable = true
  constructor() {
    super('Too much is asked of another tab at once.')
  }
}

/** Something asked here of whoever leads. */
interface Call {
  readonly id: SetId
  readonly command: TabCommand
  /** Said again then; Infinity while this tab does it itself. */
  repeatAtMs: number
  heardAtMs: number
}

/** Which of the tabs over one library leads each data set, and how the others reach it: SPEC.md has the rules. */
export class Tabs<View> {
  readonly #self: string
  readonly #items = new Map<SetId, 'follows' | 'leads'>()
  readonly #calls = new Map<number, Call>()
  /** Calls of other tabs that are under way here. */
  readonly #running = new Set<string>()
  #hasCompany = false
  #nowMs = 0
  #effects: TabsEffect<View>[] = []

  /** `self` names this tab among the others. */
  constructor(self: string) {
    this.#self = self
  }

  handle(nowMs: number, input: TabsInput<View>): TabsEffect<View>[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#take(input)
    return this.#effects
  }

  wakeAtMs(): number {
    return Math.min(Infinity, ...[...this.#calls.values()].map(({ repeatAtMs }) => repeatAtMs))
  }

  has(id: SetId): boolean {
    return this.#items.has(id)
  }

  leads(id: SetId): boolean {
    return this.#items.get(id) === 'leads'
  }

  #take(input: TabsInput<View>): void {
    switch (input.type) {
      case 'begin':
        return this.#post({ type: 'hello', isAnswer: false })
      case 'have':
        this.#items.set(input.id, 'follows')
        return this.#emit({ type: 'lock', id: input.id, steal: false })
      case 'drop':
        return this.#drop(input.id)
      case 'removed':
        this.#post({ type: 'gone', id: input.id })
        return this.#drop(input.id)
      case 'granted':
        return this.#lead(input.id)
      case 'lost':
        return this.#lose(input.id)
      case 'view':
        if (this.#hasCompany && this.leads(input.id)) this.#post(input)
        return
      case 'ask':
        return this.#ask(input)
      case 'done':
        return this.#done(input)
      case 'message':
        return this.#hear(input.message)
      case 'wake':
        return this.#repeat()
    }
  }

  #hear(message: TabMessage<View>): void {
    this.#hasCompany = true
    switch (message.type) {
      case 'hello':
        if (!message.isAnswer) this.#post({ type: 'hello', isAnswer: true })
        return this.#emit({ type: 'greet' })
      case 'view':
        if (this.leads(message.id)) return // it was on its way when this tab took over
        for (const call of this.#calls.values()) if (call.id === message.id) call.heardAtMs = this.#nowMs
        return this.#emit({ type: 'show', id: message.id, view: message.view })
      case 'gone':
        if (!this.#items.has(message.id)) return
        this.#drop(message.id)
        return this.#emit({ type: 'gone', id: message.id })
      case 'call':
        return this.#serve(message)
      case 'heard': {
        const call = message.to === this.#self && this.#calls.get(message.call)
        if (call) call.heardAtMs = this.#nowMs
        return
      }
      case 'answer':
        if (message.to === this.#self) this.#settle(message.call, message.report)
    }
  }

  /** What was asked of the one before is done here. [TB6] */
  #lead(id: SetId): void {
    if (!this.#items.has(id)) return this.#emit({ type: 'unlock', id })
    this.#items.set(id, 'leads')
    this.#emit({ type: 'lead', id })
    for (const [call, waiting] of this.#calls) if (waiting.id === id) this.#performHere(call, waiting)
  }

  #lose(id: SetId): void {
    if (!this.leads(id)) return
    this.#items.set(id, 'follows')
    this.#emit({ type: 'follow', id })
    this.#emit({ type: 'lock', id, steal: false })
  }

  /** Whoever waits for something of it has nothing more to wait for. */
  #drop(id: SetId): void {
    if (this.#items.delete(id)) this.#emit({ type: 'unlock', id })
    for (const [call, waiting] of this.#calls) if (waiting.id === id) this.#settle(call)
  }

  #ask({ call, id, command }: Extract<TabsInput<View>, { type: 'ask' }>): void {
    if (this.#calls.size >= tabCallsMax) {
      return this.#emit({ type: 'settle', call, report: reportOf(new TabsBusy()) })
    }
    const asked = { id, command, repeatAtMs: this.#nowMs, heardAtMs: this.#nowMs }
    this.#calls.set(call, asked)
    if (this.leads(id)) this.#performHere(call, asked)
    else this.#repeat()
  }

  #performHere(call: number, asked: Call): void {
    asked.repeatAtMs = Infinity
    this.#emit({ type: 'perform', from: this.#self, call, id: asked.id, command: asked.command })
  }

  /** Says again what is not answered; a leader that is silent has lost its place. [TB7] */
  #repeat(): void {
    for (const [call, waiting] of this.#calls) {
      if (waiting.repeatAtMs > this.#nowMs) continue
      const { id, command } = waiting
      waiting.repeatAtMs = this.#nowMs + tabCallRepeatMs
      if (this.#nowMs - waiting.heardAtMs < tabSilenceMs) {
        this.#post({ type: 'call', from: this.#self, call, id, command })
      } else {
        for (const other of this.#calls.values()) if (other.id === id) other.heardAtMs = this.#nowMs
        this.#emit({ type: 'lock', id, steal: true })
      }
    }
  }

  /** What is over the bound is passed over: it is asked again. [TB8] */
  #serve({ from, call, id, command }: Extract<TabMessage<View>, { type: 'call' }>): void {
    if (!this.leads(id)) return
    const key = `${from} ${call}`
    this.#post({ type: 'heard', to: from, call })
    if (this.#running.has(key) || this.#running.size >= tabCallsMax) return
    this.#running.add(key)
    this.#emit({ type: 'perform', from, call, id, command })
  }

  #done({ from, call, report }: Extract<TabsInput<View>, { type: 'done' }>): void {
    if (from === this.#self) return this.#settle(call, report)
    this.#running.delete(`${from} ${call}`)
    this.#post({ type: 'answer', to: from, call, report })
  }

  #settle(call: number, report?: ErrorReport): void {
    if (this.#calls.delete(call)) this.#emit({ type: 'settle', call, report })
  }

  #post(message: TabMessage<View>): void {
    this.#emit({ type: 'post', message })
  }

  #emit(effect: TabsEffect<View>): void {
    this.#effects.push(effect)
  }
}
