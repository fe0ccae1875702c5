import { describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { tabCallRepeatMs, tabCallsMax, tabSilenceMs } from '../../src/core/limits.ts'
import { Tabs } from '../../src/core/tabs/tabs.ts'
import type { TabCommand, TabMessage, TabsEffect, TabsInput } from '../../src/core/tabs/types.ts'

const film = 'film' as SetId
const pause: TabCommand = { name: 'pause' }

/** Tabs of one browser whose locks and channel are this test: what is granted, and what is heard. */
class Browser {
  readonly tabs = new Map<string, Tabs<string>>()
  readonly effects: { readonly tab: string; readonly effect: TabsEffect<string> }[] = []
  readonly frozen = new Set<string>()
  #holder: string | undefined
  readonly #queue: string[] = []
  nowMs = 0

  open(name: string): void {
    this.tabs.set(name, new Tabs(name))
    this.turn(name, { type: 'begin' })
  }

  turn(name: string, input: TabsInput<string>): void {
    const tab = this.tabs.get(name)
    if (!tab) return
    for (const effect of tab.handle(this.nowMs, input)) {
      this.effects.push({ tab: name, effect })
      if (effect.type === 'post') this.#tell(name, effect.message)
      if (effect.type === 'lock') this.#lock(name, effect.steal)
      if (effect.type === 'unlock') this.#unlock(name)
    }
  }

  /** The tab is closed, or crashes. */
  end(name: string): void {
    this.tabs.delete(name)
    this.#unlock(name)
  }

  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      const dueMs = Math.min(...[...this.tabs.values()].map((tab) => tab.wakeAtMs()))
      this.nowMs = Math.min(endMs, Math.max(dueMs, this.nowMs + 1))
      for (const name of this.tabs.keys()) if (!this.frozen.has(name)) this.turn(name, { type: 'wake' })
    }
  }

  of<Type extends TabsEffect<string>['type']>(tab: string, type: Type) {
    const all = this.effects.filter((each) => each.tab === tab && each.effect.type === type)
    return all.map(({ effect }) => effect as Extract<TabsEffect<string>, { type: Type }>)
  }

  #tell(from: string, message: TabMessage<string>): void {
    for (const name of this.tabs.keys()) {
      if (name !== from && !this.frozen.has(name)) this.turn(name, { type: 'message', message })
    }
  }

  #lock(name: string, steal: boolean): void {
    if (steal) {
      const before = this.#holder
      this.#holder = name
      this.turn(name, { type: 'granted', id: film })
      if (before) this.turn(before, { type: 'lost', id: film })
    } else if (this.#holder) this.#queue.push(name)
    else {
      this.#holder = name
      this.turn(name, { type: 'granted', id: film })
    }
  }

  #unlock(name: string): void {
    if (this.#queue.includes(name)) this.#queue.splice(this.#queue.indexOf(name), 1)
    if (this.#holder !== name) return
    this.#holder = this.#queue.shift()
    if (this.#holder) this.turn(this.#holder, { type: 'granted', id: film })
  }
}

function twoTabs(): Browser {
  const browser = new Browser()
  browser.open('first')
  browser.turn('first', { type: 'have', id: film })
  browser.open('second')
  browser.turn('second', { type: 'have', id: film })
  return browser
}

const leaders = (browser: Browser) => [...browser.tabs].flatMap(([name, tab]) => (tab.leads(film) ? [name] : []))

describe('who leads', () => {
  it('[TB1] one of the tabs that have an item leads it, and the next when that ends', () => {
    const browser = twoTabs()
    expect(leaders(browser)).toEqual(['first'])
    browser.open('third')
    browser.turn('third', { type: 'have', id: film })
    browser.end('first')
    expect(leaders(browser)).toEqual(['second'])
    expect(browser.of('second', 'lead')).toHaveLength(1)
    browser.end('second')
    expect(leaders(browser)).toEqual(['third'])
  })

  it('[TB1] a lock that comes when the item is no longer there is let go', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'drop', id: film })
    browser.turn('second', { type: 'granted', id: film })
    expect(leaders(browser)).toEqual(['first'])
    expect(browser.of('second', 'unlock')).toHaveLength(2)
  })

  it('[TB5] what was removed is gone everywhere, and nobody leads it', () => {
    const browser = twoTabs()
    browser.turn('first', { type: 'removed', id: film })
    expect(browser.of('second', 'gone')).toEqual([{ type: 'gone', id: film }])
    expect(browser.tabs.get('second')!.has(film)).toBe(false)
    expect(leaders(browser)).toEqual([])
  })
})

describe('what tabs tell', () => {
  it('[TB3] a tab alone says nothing of its items', () => {
    const browser = new Browser()
    browser.open('first')
    browser.turn('first', { type: 'have', id: film })
    browser.turn('first', { type: 'view', id: film, view: '10 %' })
    expect(browser.of('first', 'post').map(({ message }) => message.type)).toEqual(['hello'])
  })

  it('[TB3] one that comes is greeted, and both tell from then on', () => {
    const browser = twoTabs()
    expect(browser.of('first', 'greet')).toHaveLength(1)
    browser.turn('first', { type: 'view', id: film, view: '10 %' })
    expect(browser.of('second', 'show')).toEqual([{ type: 'show', id: film, view: '10 %' }])
    const other = 'other' as SetId
    browser.turn('second', { type: 'have', id: other })
    browser.turn('second', { type: 'granted', id: other })
    browser.turn('second', { type: 'view', id: other, view: 'new' })
    expect(browser.of('first', 'show')).toEqual([{ type: 'show', id: other, view: 'new' }])
  })

  it('[TB3] only who leads is believed and heard', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'view', id: film, view: 'mine' })
    browser.turn('first', { type: 'message', message: { type: 'view', id: film, view: 'late' } })
    expect(browser.of('first', 'show')).toEqual([])
  })
})

describe('what a follower is asked', () => {
  it('[TB6] is asked of the leader, and what came of it comes back', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'ask', call: 1, id: film, command: pause })
    const [performed] = browser.of('first', 'perform')
    expect(performed).toMatchObject({ id: film, command: pause, from: 'second', call: 1 })
    expect(browser.of('second', 'settle')).toEqual([])
    const report = { code: 'x', fault: 'ours', retryable: false, message: '', params: {} } as const
    browser.turn('first', { type: 'done', from: 'second', call: 1, report })
    expect(browser.of('second', 'settle')).toEqual([{ type: 'settle', call: 1, report }])
    browser.pass(20_000)
    expect(browser.of('first', 'perform')).toHaveLength(1)
  })

  it('[TB6] is done here by who leads, or comes to lead before there was an answer', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'ask', call: 1, id: film, command: pause })
    browser.end('first')
    expect(browser.of('second', 'perform')).toMatchObject([{ from: 'second', call: 1 }])
    browser.turn('second', { type: 'ask', call: 2, id: film, command: pause })
    expect(browser.of('second', 'perform')).toMatchObject([{ call: 1 }, { call: 2 }])
    browser.turn('second', { type: 'done', from: 'second', call: 1 })
    browser.turn('second', { type: 'done', from: 'second', call: 2 })
    expect(browser.of('second', 'settle')).toMatchObject([{ call: 1 }, { call: 2 }])
    browser.pass(20_000)
    expect(browser.of('second', 'perform')).toHaveLength(2)
  })

  it('[TB6] goes on at another leader within 2 s', () => {
    const browser = twoTabs()
    browser.open('third')
    browser.turn('third', { type: 'have', id: film })
    browser.turn('third', { type: 'ask', call: 7, id: film, command: pause })
    browser.end('first')
    browser.pass(2_000)
    expect(browser.of('second', 'perform')).toMatchObject([{ from: 'third', call: 7 }])
  })

  it('[TB5] waits no longer when the item is gone', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'ask', call: 1, id: film, command: pause })
    browser.turn('first', { type: 'removed', id: film })
    expect(browser.of('second', 'settle')).toMatchObject([{ call: 1 }])
  })

  it('[TB7] is said again each second while work takes long, done once, and nobody loses the lock', () => {
    const browser = twoTabs()
    browser.turn('second', { type: 'ask', call: 1, id: film, command: pause })
    browser.pass(10 * tabCallRepeatMs)
    const calls = browser.of('second', 'post').filter(({ message }) => message.type === 'call')
    expect(calls).toHaveLength(11)
    expect(browser.of('first', 'perform')).toHaveLength(1)
    expect(leaders(browser)).toEqual(['first'])
  })

  it('[TB7] of a leader that gives no sign the lock is taken away, and when it wakes it follows', () => {
    const browser = twoTabs()
    browser.frozen.add('first')
    browser.turn('second', { type: 'ask', call: 1, id: film, command: pause })
    browser.pass(tabSilenceMs - 1)
    expect(browser.of('second', 'perform')).toEqual([])
    browser.pass(tabCallRepeatMs)
    expect(browser.of('second', 'perform')).toMatchObject([{ call: 1 }])
    browser.frozen.clear()
    expect(leaders(browser)).toEqual(['second'])
    expect(browser.of('first', 'follow')).toHaveLength(1)
    browser.end('second')
    expect(leaders(browser)).toEqual(['first'])
  })

  it('[TB8] waits in bounded number, and is done in bounded number', () => {
    const browser = twoTabs()
    browser.open('third')
    browser.turn('third', { type: 'have', id: film })
    for (let call = 1; call <= tabCallsMax + 1; call++) {
      browser.turn('second', { type: 'ask', call, id: film, command: pause })
    }
    expect(browser.of('second', 'settle')).toMatchObject([{ call: tabCallsMax + 1, report: { code: 'tabs-busy' } }])
    browser.turn('third', { type: 'ask', call: 1, id: film, command: pause })
    expect(browser.of('first', 'perform')).toHaveLength(tabCallsMax)
    browser.turn('first', { type: 'done', from: 'second', call: 1 })
    browser.pass(tabCallRepeatMs)
    expect(browser.of('first', 'perform').at(-1)).toMatchObject({ from: 'third', call: 1 })
  })
})
