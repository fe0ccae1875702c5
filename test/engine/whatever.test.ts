import { afterEach, describe, expect, it, type TestContext } from 'vitest'
import type { Item } from '../../src/engine/types.ts'
import { Calls, cidOf, isWhole, pause } from '../support/calls.ts'
import { HandedOn } from '../support/handed-on.ts'
import { closeAll, hubWithTracker, openKeeper } from '../support/keep-world.ts'
import { RestlessBrowser, type RestlessTab } from '../support/restless-browser.ts'
import { luckOf, seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

/** What calls may say in a world in which items vanish, room ends and tabs close. */
const mayFail = ['item-gone', 'stopped', 'store-full', 'adding-interrupted', 'source-changed']
const sizes = [1, 70_000, 300_000, 1_500_000, 3_000_000, 5_000_000]
const limits = [1, 2_000_000, 8_000_000, 50_000_000]
const enough = 5_000_000_000
const lookOf = (item: Item) => `${item.id} ${item.peek().state} ${item.peek().title}`

/** Three people who do anything in any order, in up to three tabs each. */
class People {
  readonly browsers: RestlessBrowser[]
  /** What was done, for whoever looks for why something failed. */
  readonly said: string[] = []
  readonly #seed: number
  readonly #luck: () => number
  readonly #handedOn = new HandedOn()
  readonly #calls = new Calls(mayFail)
  readonly #keeper: Promise<unknown>

  constructor(seed: number) {
    const hub = hubWithTracker()
    this.#seed = seed
    this.#luck = luckOf(seed * 77 + 3)
    for (let i = 0; i < 20; i++) this.#luck()
    this.browsers = ['alice', 'bob', 'carol'].map((name) => new RestlessBrowser(name, hub, this.#luck))
    this.#keeper = openKeeper(hub)
  }

  async act(steps: number): Promise<void> {
    await this.#keeper
    for (let step = 0; step < steps; step++) {
      const browser = this.#pick(this.browsers)!
      const tab = this.#pick(browser.tabs) ?? (await browser.open())
      await this.#step(step, browser, tab, this.#pick(tab.items()))
      if (this.#luck() < 0.7) await pause(this.#luck() * 40)
    }
  }

  async #step(step: number, browser: RestlessBrowser, tab: RestlessTab, item: Item | undefined): Promise<void> {
    const act = this.#luck()
    const say = (what: string) => this.said.push(`${tab.name}: ${what} ${item?.id ?? ''}`)
    const call = (what: string, work: Promise<unknown>) => (say(what), this.#calls.make(tab, what, work))
    if (act < 0.12) call('add', this.#add(tab, step))
    else if (act < 0.34) {
      const link = this.#pick(this.#handedOn.links)
      if (link) call(`open ${link}`, tab.engine.open(link))
    } else if (act < 0.39 && browser.tabs.length < 3) await browser.open()
    else if (act < 0.43) await (say('close'), browser.close(tab))
    else if (act < 0.46) await (say('crash'), browser.crash(tab))
    else if (act < 0.5) await browser.catalog.put('limitBytes', this.#pick([...limits, enough]))
    else if (!item) tab.engine.nudge()
    else if (act < 0.6) call('pause', item.pause())
    else if (act < 0.7) call('resume', item.resume())
    else if (act < 0.74) call('retry', item.retry())
    else if (act < 0.81) call('remove', item.remove())
    else if (act < 0.86) call('keep', item.keep(this.#luck() < 0.6))
    else if (isWhole(item.peek())) call('read', this.#handedOn.check(item))
    else call('look', Promise.race([this.#lookInto(item), pause(2_000)]))
  }

  #add(tab: RestlessTab, step: number): Promise<void> {
    const bytes = seededBytes(this.#seed * 1_000 + step, this.#pick(sizes)! + step)
    return this.#handedOn.add(tab, bytes, { plain: this.#luck() < 0.3, keep: this.#luck() < 0.3 ? 1 : 0 })
  }

  /** Reads a little of what is not all here, and leaves. */
  async #lookInto(item: Item): Promise<void> {
    await item.files()
    const reader = item.read(0, 0, 1).getReader()
    await Promise.race([reader.read(), pause(this.#luck() * 20)])
    await reader.cancel()
  }

  /** There is room for all, whoever was gone is back, and what was stopped or failed is told to go on. */
  async heal(): Promise<void> {
    for (const browser of this.browsers) {
      await browser.catalog.put('limitBytes', enough)
      if (browser.tabs.length === 0) await browser.open()
    }
    for (let round = 0; round < 3; round++) {
      await this.#calls.settle()
      for (const { tabs } of this.browsers)
        for (const item of tabs[0]!.items()) {
          const { state, can } = item.peek()
          if (state === 'paused') this.#calls.make(tabs[0]!, 'resume', item.resume())
          if (can.includes('retry')) this.#calls.make(tabs[0]!, 'retry', item.retry())
        }
    }
    await this.#calls.settle()
    expect(this.#calls.faults.join('\n')).toBe('')
  }

  /** Whatever somebody holds, everybody who wants it has; all tabs of a browser show the same; nothing else is stored. */
  async hold({ expect }: TestContext): Promise<void> {
    const views = () =>
      this.browsers.flatMap(({ tabs }) => tabs.flatMap((tab) => tab.items())).map((item) => item.peek())
    const whole = () => new Set(views().filter(isWhole).map(cidOf))
    const lacking = () => {
      const held = whole()
      return views().filter((view) => !isWhole(view) && view.link && held.has(cidOf(view)))
    }
    await expect.poll(lacking, { timeout: 20_000 }).toEqual([])
    for (const { name, tabs, store, catalog } of this.browsers) {
      const shown = () => new Set(tabs.map((tab) => tab.items().map(lookOf).sort().join()))
      await expect.poll(() => [...shown()], { message: name }).toHaveLength(1)
      const ids = tabs[0]!.items().map(({ id }) => id)
      expect((await catalog.items()).map(({ id }) => id).sort(), name).toEqual(ids.toSorted())
      expect(
        (await store.sets()).filter((id) => !ids.includes(id)),
        name
      ).toEqual([])
      await expect.poll(() => catalog.leaving(), { message: name }).toEqual([])
      for (const tab of tabs) for (const item of tab.items()) if (isWhole(item.peek())) await this.#handedOn.check(item)
    }
  }

  async end(): Promise<void> {
    for (const browser of this.browsers) await browser.closeAll()
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#luck() * all.length)]
  }
}

// Promises of the platform end in an order of their own: a seed gives the same deeds, not quite the same run.
describe('whatever people do, in whatever order', () => {
  it.concurrent.for([1, 2, 3, 4, 5, 6])(
    '[TB1] [TB4] [TB5] [ST27] nothing hangs, is lost or is left over, seed %i',
    { timeout: 90_000 },
    async (seed, context) => {
      const people = new People(seed)
      try {
        await people.act(120)
        await people.heal()
        await people.hold(context)
        await people.end()
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${people.said.join('\n')}`, { cause: error })
      }
    }
  )
})
