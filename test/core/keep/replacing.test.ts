import { describe, expect, it } from 'vitest'
import type { SwarmId } from '../../../src/core/ids.ts'
import { keepCheckMs, keepGoneMs, keepTermMsMax } from '../../../src/core/limits.ts'
import { contact, one, swarmId, Tab, two, wish } from '../../support/asking-tab.ts'
import { seededBytes } from '../../support/seeded.ts'

const safeAt = (tab: Tab) =>
  tab.asker
    .standingOf(swarmId)!
    .keepers.filter(({ state }) => state === 'safe')
    .map(({ keeper }) => keeper)

describe('watching over copies', () => {
  it('[KE19] asks now and then whether a keeper still has it, and offers it anew if it has not', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    expect(tab.asker.wakeAtMs()).toBe(tab.nowMs + keepCheckMs)
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
    expect(tab.state).toBe('safe')
    expect(tab.status(one, 'held')).toEqual(['disconnect keeper-one'])
    tab.wake()
    tab.take({ type: 'connected', keeper: one })
    expect(tab.status(one, 'none')).toEqual(['offer keeper-one'])
    expect(tab.state).not.toBe('safe')
  })

  it('[KE19] asks about everything at one keeper on one lane', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.nowMs += keepCheckMs / 3
    const other = 'ef'.repeat(32) as SwarmId
    expect(tab.take({ type: 'wish', wish: { ...wish, swarmId: other } })).toEqual(['connect keeper-one'])
    tab.take({ type: 'connected', keeper: one })
    const receipt = seededBytes(5, 100)
    tab.take({ type: 'frame', keeper: one, frame: { type: 'accepted', swarmId: other, receipt } })
    tab.take({ type: 'checked', keeper: one, swarmId: other, untilMs: tab.nowMs + keepTermMsMax })
    const held = { type: 'status', swarmId: other, state: 'held', heldBytes: 1, untilMs: 0 } as const
    tab.take({ type: 'frame', keeper: one, frame: held })
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one', 'ask-status keeper-one'])
  })

  it('[KE19] replaces a keeper that is gone, not one that restarts, and counts its copy no more', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)])
    tab.hold(one)
    tab.wake()
    tab.take({ type: 'lost', keeper: one })
    expect(tab.miss(one, keepGoneMs / 2)).not.toContain('connect keeper-two')
    expect(tab.miss(one, keepGoneMs)).toContain('connect keeper-two')
    expect(tab.state).not.toBe('safe')
    expect(tab.take({ type: 'connected', keeper: two })).toEqual(['offer keeper-two'])
    expect(tab.state).not.toBe('safe')
    tab.accept(two)
    tab.status(two, 'held')
    expect(safeAt(tab)).toEqual([two])
  })

  it('[KE19] a keeper that is the only one is not called safe while it is gone, and is again when it is back', () => {
    const tab = new Tab()
    tab.begin([contact(one)])
    tab.hold(one)
    tab.wake()
    const sinceMs = tab.nowMs
    tab.take({ type: 'lost', keeper: one })
    tab.miss(one, keepGoneMs / 2)
    expect(tab.state).toBe('safe')
    tab.miss(one, keepGoneMs)
    expect(tab.state).toBe('away')
    expect(tab.asker.standingOf(wish.swarmId)?.unreached?.sinceMs).toBe(sinceMs)
    while (!tab.wake().includes('connect keeper-one'));
    tab.take({ type: 'connected', keeper: one })
    expect(tab.state).toBe('safe')
    expect(tab.asker.standingOf(wish.swarmId)?.unreached).toBeUndefined()
  })

  it('[KE25] tries at once when this device reaches others again, and replaces nobody before that', () => {
    const tab = new Tab()
    tab.begin([contact(one)])
    tab.hold(one)
    tab.wake()
    tab.take({ type: 'lost', keeper: one })
    tab.miss(one, 2 * keepGoneMs)
    expect(tab.state).toBe('away')
    expect(tab.take({ type: 'online' })).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'keepers', keepers: [contact(two)] })).toEqual([])
    expect(tab.asker.isLacking).toBe(false)
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
    expect(tab.state).toBe('safe')
    const gone = new Tab()
    gone.begin([contact(one)])
    gone.hold(one)
    gone.wake()
    gone.take({ type: 'lost', keeper: one })
    gone.miss(one, 2 * keepGoneMs)
    gone.take({ type: 'online' })
    gone.take({ type: 'keepers', keepers: [contact(two)] })
    expect(gone.take({ type: 'lost', keeper: one })).toEqual(['connect keeper-two'])
  })

  it('[KE19] needs no more of a keeper that was gone, once another has it', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)])
    tab.hold(one)
    tab.wake()
    tab.take({ type: 'lost', keeper: one })
    tab.miss(one, 2 * keepGoneMs)
    tab.hold(two)
    while (!tab.wake().includes('connect keeper-one'));
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    expect(tab.status(one, 'none')).toContain('released keeper-one')
    expect(safeAt(tab)).toEqual([two])
    const back = new Tab()
    back.begin([contact(one), contact(two)])
    back.hold(one)
    back.wake()
    back.take({ type: 'lost', keeper: one })
    back.miss(one, 2 * keepGoneMs)
    back.take({ type: 'connected', keeper: two })
    back.accept(two)
    back.status(two, 'coming')
    while (!back.wake().includes('connect keeper-one'));
    back.take({ type: 'connected', keeper: one })
    expect(back.status(one, 'held')).toContain('release keeper-two')
  })

  it('[KE12] [KE19] asks more keepers, or lets some go, when another number of copies is wished for', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)])
    tab.hold(one)
    expect(tab.take({ type: 'wish', wish: { ...wish, copies: 2 } })).toEqual(['connect keeper-two'])
    tab.hold(two)
    expect(safeAt(tab)).toEqual([one, two])
    expect(tab.take({ type: 'wish', wish })).toEqual(['connect keeper-two'])
    expect(tab.take({ type: 'connected', keeper: two })).toEqual(['release keeper-two'])
    expect(tab.status(two, 'none')).toContain('released keeper-two')
    expect(safeAt(tab)).toEqual([one])
  })
})
