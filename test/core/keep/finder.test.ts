import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../src/core/ids.ts'
import { KeeperFinder, type KeeperFinderEffect, type KeeperFinderInput } from '../../../src/core/keep/finder.ts'
import {
  keeperLookPausesMs,
  keepersFoundMax,
  keepTermMsMax,
  peersPerAnswerMax,
  termsAgainMs,
  termsAskedAtOnceMax,
  termsAskedPerLookMax
} from '../../../src/core/limits.ts'
import type { TrackedPeer } from '../../../src/core/tracker/types.ts'

const id = (n: number) => `keeper-${n}` as PeerId
const terms = { dataSetBytesMax: 1e9, termMsMax: keepTermMsMax, invited: false }
const announced = (n: number, over: Partial<TrackedPeer> = {}): TrackedPeer => ({
  peerId: id(n),
  role: 'keeper',
  holder: true,
  record: Uint8Array.of(n),
  ...over
})
const many = (count: number, from = 0) => Array.from({ length: count }, (_, n) => announced(from + n))

class Looking {
  nowMs = 1_800_000_000_000
  readonly finder = new KeeperFinder()

  take(input: KeeperFinderInput): string[] {
    return this.finder.handle(this.nowMs, input).map(wordOf)
  }

  lack(isLacking = true, known: readonly PeerId[] = []): string[] {
    return this.take({ type: 'lack', isLacking, known: new Set(known) })
  }

  wake(): string[] {
    this.nowMs = Math.max(this.nowMs, this.finder.wakeAtMs())
    return this.take({ type: 'wake' })
  }

  hear(...peers: readonly TrackedPeer[]): string[] {
    return this.take({ type: 'peers', peers })
  }

  /** Everybody who is asked answers, until nobody is asked any more; how many were. */
  answerAll(asked: readonly string[], answer: typeof terms | undefined = terms): number {
    const [word, ...rest] = asked.filter((each) => each.startsWith('ask '))
    if (!word) return 0
    const next = this.take({ type: 'terms', keeper: word.slice(4) as PeerId, terms: answer })
    return 1 + this.answerAll([...rest, ...next], answer)
  }

  get found(): readonly PeerId[] {
    return this.finder.found.map(({ peerId }) => peerId)
  }
}

const wordOf = (effect: KeeperFinderEffect) => (effect.type === 'ask' ? `ask ${effect.keeper}` : effect.type)

describe('finding keepers', () => {
  it('[KE21] looks while too few are known, with pauses, and not otherwise', () => {
    const tab = new Looking()
    expect(tab.take({ type: 'wake' })).toEqual([])
    expect(tab.finder.wakeAtMs()).toBe(Infinity)
    expect(tab.lack()).toEqual(['look'])
    for (const pauseMs of [...keeperLookPausesMs, keeperLookPausesMs.at(-1)!]) {
      expect(tab.finder.wakeAtMs()).toBe(tab.nowMs + pauseMs)
      expect(tab.wake()).toEqual(['look'])
    }
    tab.lack(false)
    expect(tab.finder.wakeAtMs()).toBe(Infinity)
    expect(tab.hear(announced(1))).toEqual([])
    // One that comes and goes does not look more often.
    expect(tab.lack()).toEqual([])
    expect(tab.finder.wakeAtMs()).toBeGreaterThan(tab.nowMs)
  })

  it('[KE21] asks those that announce themselves for their terms, a few at a time, and not those that are known', () => {
    const tab = new Looking()
    tab.lack(true, [id(0)])
    const asked = tab.hear(announced(9, { holder: false }), ...many(5))
    expect(asked).toEqual(['ask keeper-1', 'ask keeper-2'].slice(0, termsAskedAtOnceMax))
    expect(tab.take({ type: 'terms', keeper: id(1), terms })).toEqual(['changed', 'ask keeper-3'])
    expect(tab.finder.found).toEqual([{ peerId: id(1), record: Uint8Array.of(1), terms }])
    expect(tab.lack(false)).toEqual([])
    expect(tab.take({ type: 'terms', keeper: id(2), terms })).toEqual(['changed'])
  })

  it('[KE21] passes over who does not sign, takes invited peers alone, or was not asked', () => {
    const tab = new Looking()
    tab.lack()
    tab.hear(...many(3))
    tab.take({ type: 'terms', keeper: id(0), terms: undefined })
    tab.take({ type: 'terms', keeper: id(1), terms: { ...terms, invited: true } })
    tab.take({ type: 'terms', keeper: id(2), terms: { ...terms, dataSetBytesMax: 0 } })
    tab.take({ type: 'terms', keeper: id(7), terms })
    expect(tab.found).toEqual([])
    tab.wake()
    expect(tab.hear(...many(3))).toEqual([])
    tab.nowMs += termsAgainMs
    tab.wake()
    expect(tab.hear(...many(3))).not.toEqual([])
  })

  it('[KE21] a flood of keepers costs so many questions after each look, and so many are known', () => {
    const tab = new Looking()
    tab.lack()
    expect(tab.answerAll(tab.hear(...many(1_000)), undefined)).toBe(termsAskedPerLookMax)
    tab.answerAll(tab.wake(), undefined)
    expect(tab.answerAll(tab.hear(...many(1_000, 1_000)))).toBeLessThanOrEqual(peersPerAnswerMax)
    for (let look = 0; look < 9; look++) tab.answerAll([...tab.wake(), ...tab.hear(...many(30, 5_000 + 30 * look))])
    expect(tab.found).toHaveLength(keepersFoundMax)
    tab.take({ type: 'drop', keepers: tab.found.slice(0, 3) })
    expect(tab.found).toHaveLength(keepersFoundMax - 3)
  })
})
