import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'vitest'
import type { KeepPolicy } from '../../src/core/keep/types.ts'
import type { Item } from '../../src/engine/types.ts'
import type { KeptRecord } from '../../src/store/paged.ts'
import { Calls, isWhole, pause } from './calls.ts'
import { HandedOn } from './handed-on.ts'
import { hubWithTracker, named } from './keep-world.ts'
import type { PlayedClock } from './played-clock.ts'
import { RestlessBrowser, type RestlessTab } from './restless-browser.ts'
import { RestlessKeeper } from './restless-keeper.ts'
import { luckOf, seededBytes } from './seeded.ts'

/** What calls may say in a world in which items vanish and tabs close. */
const mayFail = ['item-gone', 'stopped', 'adding-interrupted', 'source-changed']
const sizes = [1, 70_000, 300_000, 900_000, 1_500_000]
const [seconds, minutes, hours, days] = [1_000, 60_000, 3_600_000, 86_400_000]
const jumpsMs = [5 * seconds, 30 * seconds, 2 * minutes, 7 * minutes, 25 * minutes, 2 * hours]
const keys = await Promise.all(Array.from({ length: 3 }, () => generateKeyPair('Ed25519')))
const policies: readonly KeepPolicy[] = [
  { bytesMax: 6_000_000, peerBytesMax: 4_000_000, dataSetBytesMax: 2_000_000, termMsMax: 20 * minutes },
  { bytesMax: 50_000_000, peerBytesMax: 50_000_000, dataSetBytesMax: 1_000_000, termMsMax: 3 * hours },
  { bytesMax: 4_000_000, peerBytesMax: 2_500_000, dataSetBytesMax: 50_000_000, termMsMax: 30 * days }
]
const roomForAll = { bytesMax: 1e9, peerBytesMax: 1e9 }

/** Two people who hand over what they share, and three keepers, all of whom come and go. */
export class KeepTown {
  readonly browsers: readonly RestlessBrowser[]
  /** A relay names two of them; the third has to be found. */
  readonly keepers: readonly RestlessKeeper[]
  /** Nobody ends a tab, and keepers have room: then nobody forgets whom it asked, or is refused. */
  readonly isSteady: boolean
  readonly handedOn = new HandedOn()
  /** What was done, for whoever looks for why something failed. */
  readonly said: string[] = []
  readonly #clock: PlayedClock
  readonly #hub = hubWithTracker()
  readonly #seed: number
  readonly #luck: () => number
  readonly #calls = new Calls(mayFail)
  readonly #gone = new Set<RestlessKeeper>()

  constructor(seed: number, clock: PlayedClock) {
    this.#seed = seed
    this.#clock = clock
    this.isSteady = seed % 3 === 0
    this.#luck = luckOf(seed * 91 + 5)
    for (let i = 0; i < 20; i++) this.#luck()
    this.browsers = ['alice', 'bob'].map((name) => this.newBrowser(name))
    const world = { hub: this.#hub, luck: this.#luck, timers: clock }
    const ample = this.isSteady ? roomForAll : {}
    this.keepers = policies.map((policy, i) => new RestlessKeeper(keys[i]!, { ...policy, ...ample }, world))
    this.#hub.keepers = this.keepers.slice(0, 2).map(({ peerId, policy: { dataSetBytesMax, termMsMax } }) => {
      return named(peerId, 'keeper.test', { dataSetBytesMax, termMsMax, invited: false })
    })
  }

  newBrowser(name: string): RestlessBrowser {
    return new RestlessBrowser(name, this.#hub, this.#luck, this.#clock)
  }

  get online(): readonly RestlessKeeper[] {
    return this.keepers.filter(({ running }) => running)
  }

  /** Whether one of them left for good. */
  get isShort(): boolean {
    return this.#gone.size > 0
  }

  async act(steps: number): Promise<void> {
    for (const keeper of this.keepers) await keeper.open()
    for (let step = 0; step < steps; step++) {
      const browser = this.#pick(this.browsers)!
      const tab = this.#pick(browser.tabs) ?? (await browser.open())
      await this.#step(step, browser, tab, this.#pick(tab.items()))
      if (this.#luck() < 0.7) await pause(this.#luck() * 40)
      if (step % 10 === 9) for (const keeper of this.keepers) await checkBounds(keeper)
    }
  }

  async #step(step: number, browser: RestlessBrowser, tab: RestlessTab, item: Item | undefined): Promise<void> {
    const [act, chance, copies] = [this.#luck(), this.#luck(), this.#pick([0, 1, 1, 2, 2])!]
    const call = (what: string, work: Promise<unknown>) => {
      this.#say(`${tab.name}: ${what} ${item?.id ?? ''}`)
      this.#calls.make(tab, what, work)
    }
    if (act < 0.14) call(`add ${copies}`, this.#add(tab, step, copies))
    else if (act < 0.24) {
      const link = this.#pick(this.handedOn.links)
      if (link) call(`open ${link}`, tab.engine.open(link))
    } else if (act < 0.4) await this.#trouble(this.#pick(this.keepers)!, chance)
    else if (act < 0.48) this.#jump(jumpsMs[Math.floor(chance ** 2 * jumpsMs.length)]!)
    else if (act < 0.6) await this.#comeOrGo(browser, tab, chance)
    else if (!item) tab.engine.nudge()
    else if (act < 0.68) call('pause', item.pause())
    else if (act < 0.76) call('resume', item.resume())
    else if (act < 0.8) call('remove', item.remove())
    else if (act < 0.96) call(`keep ${copies}`, copies ? item.keep(true, copies) : item.keep(chance < 0.3))
    else if (isWhole(item.peek())) call('read', this.handedOn.check(item))
  }

  #add(tab: RestlessTab, step: number, keep: number): Promise<void> {
    const bytes = seededBytes(this.#seed * 1_000 + step, this.#pick(sizes)! + step)
    return this.handedOn.add(tab, bytes, { plain: this.#luck() < 0.3, keep })
  }

  async #comeOrGo(browser: RestlessBrowser, tab: RestlessTab, chance: number): Promise<void> {
    if (this.isSteady) return
    if (chance < 0.4 && browser.tabs.length < 3) await browser.open()
    else if (chance < 0.7) await (this.#say(`${tab.name}: close`), browser.close(tab))
    else await (this.#say(`${tab.name}: crash`), browser.crash(tab))
  }

  async #trouble(keeper: RestlessKeeper, chance: number): Promise<void> {
    const say = (what: string) => this.#say(`keeper ${this.keepers.indexOf(keeper)}: ${what}`)
    if (this.#gone.has(keeper)) return
    if (!keeper.running) return this.#back(keeper, chance, say)
    if (chance < 0.4) await (say('crash'), keeper.crash())
    else if (chance < 0.6) await (say('close'), keeper.close())
    else if (!this.isSteady) {
      keeper.diskBytes = this.#pick([100_000, 1_000_000, Infinity])!
      say(`disk of ${keeper.diskBytes}`)
    }
  }

  /** With the disk that it had, mostly; at times it takes nothing more, or does not come back at all. */
  async #back(keeper: RestlessKeeper, chance: number, say: (what: string) => void): Promise<void> {
    if (chance > 0.7) return
    const isUnlucky = !this.isSteady && chance < 0.07
    if (isUnlucky && chance < 0.03) return void (say('gone'), this.#gone.add(keeper))
    if (isUnlucky) keeper.loseAll()
    const isFull = !this.isSteady && chance > 0.6
    say(isFull ? 'open, full' : isUnlucky ? 'open, empty' : 'open')
    await keeper.open(isFull ? { bytesMax: 0 } : {})
  }

  /** Whoever was gone is back, and has room; what was stopped goes on; in a new visit nobody is refused for good. */
  async heal(): Promise<void> {
    this.#say('heal')
    for (const keeper of this.keepers) {
      keeper.diskBytes = Infinity
      if (this.#gone.has(keeper)) continue
      if (!this.isSteady && keeper.running) await keeper.close()
      if (!keeper.running) await keeper.open(roomForAll)
    }
    for (const browser of this.browsers) {
      if (!this.isSteady) await browser.closeAll()
      if (browser.tabs.length === 0) await browser.open()
    }
    for (let round = 0; round < 3; round++) {
      await this.#calls.settle()
      for (const { tabs } of this.browsers) this.#goOn(tabs[0]!)
    }
    await this.#calls.settle()
    expect(this.#calls.faults.join('\n')).toBe('')
    this.#clock.jump(4 * minutes) // whoever is silent, or has lost all, is known for that by then
  }

  #goOn(tab: RestlessTab): void {
    for (const item of tab.items()) {
      const { state, can } = item.peek()
      if (state === 'paused') this.#calls.make(tab, 'resume', item.resume())
      if (can.includes('retry')) this.#calls.make(tab, 'retry', item.retry())
    }
  }

  /** All terms are over. */
  passTerms(): void {
    this.#clock.jump(31 * days)
  }

  /** Until nothing is left of what was to be; a keeper that was away when it was found is looked for after an hour. */
  async until(left: () => unknown[] | Promise<unknown[]>, what: string): Promise<void> {
    let last: unknown[] = []
    for (let round = 0; round < 240; round++) {
      last = await left()
      if (last.length === 0) return
      await pause(25)
      // Further on now and then, yet by less than what is announced stays known.
      this.#clock.jump(round % 8 < 7 ? 5 * seconds : 4 * minutes)
    }
    const brief = (_: string, value: unknown) => (value instanceof Uint8Array ? `${value.length} bytes` : value)
    throw new Error(`${what}: ${JSON.stringify(last, brief, 1)}`)
  }

  #jump(ms: number): void {
    this.#say(`${ms / seconds} s pass`)
    this.#clock.jump(ms)
  }

  #say(what: string): void {
    this.said.push(`${(this.#clock.nowMs() / seconds).toFixed(1)} ${what}`)
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#luck() * all.length)]
  }
}

/** A keeper promised no more than its policy allows: in all, to one peer, of one data set, and for how long. [KE2] */
async function checkBounds({ catalog, policy }: RestlessKeeper): Promise<void> {
  const kept = ((await catalog.items()) as KeptRecord[]).map((record) => record.kept)
  const sum = (all: typeof kept) => all.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0)
  const ofPeers = [...Map.groupBy(kept, ({ peerId }) => peerId).values()]
  expect(sum(kept)).toBeLessThanOrEqual(policy.bytesMax)
  expect(Math.max(0, ...ofPeers.map(sum))).toBeLessThanOrEqual(policy.peerBytesMax)
  expect(Math.max(0, ...kept.map(({ sizeBytes }) => sizeBytes))).toBeLessThanOrEqual(policy.dataSetBytesMax)
  expect(Math.max(0, ...kept.map(({ untilMs }) => untilMs))).toBeLessThanOrEqual(Date.now() + policy.termMsMax)
  expect(new Set(kept.map(({ swarmId }) => swarmId)).size).toBe(kept.length)
}
