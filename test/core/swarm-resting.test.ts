import { describe, expect, it } from 'vitest'
import { restGain, restLookMs, restLooks, restTryMs } from '../../src/core/limits.ts'
import { type Given, Resting } from '../../src/core/swarm/resting.ts'
import type { SwarmState } from '../../src/core/swarm/state.ts'

const blockBytes = 1024
const giving: Given = { isAll: false, mayRest: false }
const spread: Given = { isAll: true, mayRest: true }

/** A first holder and four takers of whom only the counts matter. */
function crowd() {
  const takers = Array.from({ length: 4 }, () => ({
    sentBytes: 0,
    wasSuggested: true,
    holdings: { count: 0 },
    whenLooked: undefined
  }))
  const state = { nowMs: 0, manifest: { blockBytes }, sessions: new Map(takers.map((taker, i) => [i, taker])) }
  const resting = new Resting(state as unknown as SwarmState)
  resting.look(giving)
  /** Looks so often; each time so many blocks came to all, so many of them from here. Returns what was said first. */
  const look = (times: number, given: Given, came: number, sent: number) => {
    let said: 'rest' | 'give' | undefined
    for (let i = 0; i < times; i++) {
      state.nowMs += restLookMs
      for (const taker of takers) {
        taker.holdings.count += came / takers.length
        taker.sentBytes += (sent / takers.length) * blockBytes
      }
      const now = resting.look(given)
      said ??= now
    }
    return said
  }
  return { look, takers }
}

describe('swarm: whether a first holder rests', () => {
  it('[SW15] rests once everything is with somebody', () => {
    const { look } = crowd()
    expect(look(5, giving, 100, 20)).toBeUndefined()
    expect(look(5, { isAll: true, mayRest: false }, 100, 20)).toBeUndefined()
    expect(look(1, spread, 100, 20)).toBe('rest')
  })

  it('[SW15] gives when they get much less since, by the best of some looks', () => {
    const { look } = crowd()
    look(5, giving, 100, 80)
    look(1, spread, 100, 80)
    expect(look(restLooks - 1, spread, 10, 0)).toBeUndefined()
    expect(look(1, spread, 10, 0)).toBe('give')
  })

  it('[SW15] rests on when as much comes without it, though all of it went out here before', () => {
    const { look } = crowd()
    look(5, giving, 100, 100)
    look(1, spread, 100, 100)
    expect(look(20, spread, 90, 0)).toBeUndefined()
    expect(look(2, spread, 10, 0)).toBeUndefined()
    expect(look(1, spread, 90, 0)).toBeUndefined()
  })

  it('[SW15] rests on when they get less, and what it could give would change little', () => {
    const { look } = crowd()
    look(5, giving, 100, 10)
    look(1, spread, 100, 10)
    expect(look(20, spread, 11 / (restGain - 1), 0)).toBeUndefined()
  })

  it('[SW15] one that was missed tries again after a while, and then after twice as long', () => {
    const { look } = crowd()
    look(5, giving, 100, 100)
    look(1, spread, 100, 100)
    for (const waitMs of [restTryMs, 2 * restTryMs]) {
      expect(look(restLooks, spread, 10, 0)).toBe('give')
      expect(look(waitMs / restLookMs - 1, spread, 0, 100)).toBeUndefined()
      expect(look(1, spread, 0, 100)).toBe('rest')
    }
  })

  it('[SW15] one that was missed and gave little then is missed no more', () => {
    const { look } = crowd()
    look(5, giving, 100, 100)
    look(1, spread, 100, 100)
    expect(look(restLooks, spread, 10, 0)).toBe('give')
    expect(look(restTryMs / restLookMs, spread, 0, 4)).toBe('rest')
    expect(look(20, spread, 10, 0)).toBeUndefined()
  })

  it('[SW15] of those that tell nothing of what they have, what went out to them counts', () => {
    const { look, takers } = crowd()
    for (const taker of takers) taker.wasSuggested = false
    look(5, giving, 800, 100)
    for (const taker of takers) taker.wasSuggested = true
    expect(look(1, spread, 800, 100)).toBe('rest')
    expect(look(20, spread, 80, 0)).toBeUndefined()
  })
})
