import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../src/core/ids.ts'
import { keepGoneMs, keepTermMsMax } from '../../../src/core/limits.ts'
import { contact, one, swarmId, Tab, two, wish } from '../../support/asking-tab.ts'

describe('letting go at keepers', () => {
  it('[KE17] releases where it was asked, or leaves the promise when it only forgets', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    expect(tab.release()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    expect(tab.status(one, 'none')).toEqual(['released keeper-one', 'disconnect keeper-one'])
    expect(tab.state).toBeUndefined()
    const other = new Tab()
    other.begin()
    other.take({ type: 'connected', keeper: one })
    other.accept(one)
    expect(other.take({ type: 'forget', swarmId })).toEqual(['disconnect keeper-one'])
  })

  it('[KE17] a keeper that could not be told in an earlier visit is told in this one', () => {
    const tab = new Tab()
    tab.take({ type: 'keepers', keepers: [contact(one), contact(two)] })
    expect(tab.release([two])).toEqual(['connect keeper-two'])
    expect(tab.take({ type: 'connected', keeper: two })).toEqual(['release keeper-two'])
    expect(tab.status(two, 'none')).toContain('released keeper-two')
  })

  it('[KE17] [KE14] tells a keeper to let go until it says that it did', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.release()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    expect(tab.take({ type: 'lost', keeper: one })).toEqual([])
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    expect(tab.wake()).toEqual(['disconnect keeper-one']) // it was silent for too long
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    expect(tab.status(one, 'none')).toEqual(['released keeper-one', 'disconnect keeper-one'])
    expect(tab.asker.wakeAtMs()).toBe(Infinity)
  })

  it('[KE17] tells whom it offered, also where the answer was lost with the lane', () => {
    const tab = new Tab()
    tab.begin()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.take({ type: 'lost', keeper: one })
    tab.release()
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
  })

  it('[KE17] tells whom it offered before it was paused, and lets go of its copy where another is enough', () => {
    const offered = (): Tab => {
      const tab = new Tab()
      tab.begin([contact(one), contact(two)])
      expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
      tab.take({ type: 'lost', keeper: one })
      tab.take({ type: 'forget', swarmId })
      return tab
    }
    const off = offered()
    expect(off.asker.askedOf(swarmId)).toEqual([one])
    off.release()
    expect(off.asker.askedOf(swarmId)).toEqual([])
    expect(off.wake()).toEqual(['connect keeper-one'])
    expect(off.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
    const on = offered()
    on.take({ type: 'wish', wish })
    on.hold(two)
    expect(on.wake()).toEqual(['connect keeper-one'])
    expect(on.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
  })

  it('[KE17] [KE22] tells one that was forgotten as of no use, and may have promised, when it is back', () => {
    const tab = new Tab()
    tab.begin([contact(one, { found: true })])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.take({ type: 'lost', keeper: one })
    tab.miss(one, 2 * keepGoneMs)
    expect(tab.asker.useless).toEqual([one])
    tab.take({ type: 'drop', keepers: [one] })
    expect(tab.asker.isOwed(one)).toBe(true)
    tab.take({ type: 'keepers', keepers: [{ ...contact(one), remembered: true }] })
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['release keeper-one'])
  })

  it('[KE17] one that was to let go, was chosen again, and is wished for with others may have it still', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)], { copies: 2 })
    tab.hold(one)
    tab.hold(two)
    expect(tab.take({ type: 'wish', wish })).toEqual(['connect keeper-two'])
    tab.take({ type: 'lost', keeper: two })
    tab.take({ type: 'drop', keepers: [one] }) // now the other is chosen
    tab.take({ type: 'wish', wish: { ...wish, copies: 2 } })
    expect(tab.asker.askedOf(swarmId)).toEqual([two, one])
  })

  it('[KE17] who wishes again before a keeper was told does not tell it', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.release()
    const untilMs = tab.nowMs + keepTermMsMax
    tab.take({ type: 'wish', wish: { ...wish, promises: [{ keeper: one, untilMs, held: true }] } })
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
  })

  it('[KE14] an answer to what was before an offer is not taken for the answer to the offer', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.release()
    tab.take({ type: 'connected', keeper: one })
    expect(tab.take({ type: 'wish', wish })).toEqual([])
    expect(tab.status(one, 'none')).toEqual(['released keeper-one', 'offer keeper-one'])
    tab.status(one, 'none') // of what was asked before
    tab.accept(one)
    tab.status(one, 'held')
    expect(tab.state).toBe('safe')
  })

  it('[KE17] [KE19] offers nothing to a keeper that is letting go, so that the next time it lets go is another', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)], { copies: 2 })
    tab.hold(one)
    tab.hold(two)
    tab.take({ type: 'wish', wish })
    tab.take({ type: 'connected', keeper: two })
    expect(tab.take({ type: 'wish', wish: { ...wish, copies: 2 } })).toEqual([])
    tab.take({ type: 'wish', wish })
    expect(tab.status(two, 'none')).toEqual(['released keeper-two', 'disconnect keeper-two'])
  })

  it('[KE17] [KE19] lets go of a copy that was wished for again meanwhile, once others have it', () => {
    const three = 'keeper-three' as PeerId
    const tab = new Tab()
    tab.begin([contact(one), contact(two), contact(three)], { copies: 2 })
    tab.hold(one)
    tab.hold(two)
    const promises = [one, two].map((keeper) => ({ keeper, untilMs: tab.nowMs + keepTermMsMax, held: keeper === one }))
    expect(tab.take({ type: 'wish', wish: { ...wish, promises } })).toEqual(['connect keeper-two'])
    tab.take({ type: 'wish', wish: { ...wish, promises, copies: 2 } })
    expect(tab.take({ type: 'lost', keeper: two })).toContain('connect keeper-three')
    tab.hold(three)
    expect(tab.wake()).toEqual(['connect keeper-two'])
    expect(tab.take({ type: 'connected', keeper: two })).toEqual(['release keeper-two'])
  })
})
