import { describe, expect, it } from 'vitest'
import { keepAnswerMs, keepRetryMs, keepTermMsMax } from '../../../src/core/limits.ts'
import type { KeepAskerInput } from '../../../src/core/keep/asker-types.ts'
import { contact, one, swarmId, Tab, two, wish } from '../../support/asking-tab.ts'
import { seededBytes } from '../../support/seeded.ts'

describe('asking a keeper', () => {
  it('[KE13] [KE16] is safe when the keeper has all of it and its receipt is good, and says how far it is', () => {
    const tab = new Tab()
    tab.take({ type: 'wish', wish })
    expect(tab.state).toBe('none')
    expect(tab.take({ type: 'keepers', keepers: [contact(one)] })).toEqual(['connect keeper-one'])
    expect(tab.state).toBe('asking')
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.accept(one)
    expect(tab.state).toBe('handing')
    tab.status(one, 'coming', 400)
    expect(tab.asker.standingOf(swarmId)).toMatchObject({ state: 'handing', keeper: one, heldBytes: 400 })
    expect(tab.status(one, 'held')).toEqual(['disconnect keeper-one'])
    expect(tab.asker.standingOf(swarmId)).toMatchObject({
      state: 'safe',
      keeper: one,
      untilMs: tab.nowMs + keepTermMsMax
    })
  })

  it('[KE13] is not safe without a good receipt', () => {
    const tab = new Tab()
    tab.begin()
    tab.take({ type: 'connected', keeper: one })
    tab.status(one, 'held')
    expect(tab.state).toBe('handing')
    tab.take({ type: 'checked', keeper: one, swarmId, untilMs: undefined })
    expect(tab.state).toBe('refused')
  })

  it('[KE12] goes on to the next keeper when one refuses, does not fit, or is away', () => {
    const tab = new Tab()
    tab.begin([contact(one), contact(two)])
    tab.take({ type: 'connected', keeper: one })
    expect(tab.refuse(one, 'full')).toEqual(['disconnect keeper-one', 'connect keeper-two'])
    expect(new Tab().begin([contact(one, { dataSetBytesMax: 999 }), contact(two)])).toEqual(['connect keeper-two'])
    expect(new Tab().begin([contact(one, { invited: true }), contact(two)])).toEqual(['connect keeper-two'])
    const other = new Tab()
    other.begin([contact(one), contact(two)])
    expect(other.take({ type: 'lost', keeper: one })).toEqual(['connect keeper-two'])
  })

  it('[KE12] asks as many different keepers as copies are wished for', () => {
    const tab = new Tab()
    expect(tab.begin([contact(one), contact(two)], { copies: 2 })).toEqual(['connect keeper-one', 'connect keeper-two'])
  })

  it('[KE22] asks those that were found after those that relays name, and forgets them when they are of no use', () => {
    const found = { ...contact(one), found: true }
    const tab = new Tab()
    expect(tab.take({ type: 'keepers', keepers: [found, contact(two)] })).toEqual([])
    expect(tab.asker.isLacking).toBe(false)
    expect(tab.take({ type: 'wish', wish })).toEqual(['connect keeper-two'])
    tab.take({ type: 'connected', keeper: two })
    expect(tab.asker.isLacking).toBe(false)
    expect(tab.refuse(two, 'full')).toContain('connect keeper-one')
    tab.take({ type: 'connected', keeper: one })
    expect(tab.asker.useless).toEqual([two])
    tab.refuse(one, 'full')
    expect(tab.asker.isLacking).toBe(true)
    expect(tab.asker.useless).toEqual([one, two])
    tab.take({ type: 'drop', keepers: [one] })
    expect(tab.asker.standingOf(swarmId)!.keepers.map(({ keeper }) => keeper)).toEqual([two])
    tab.take({ type: 'keepers', keepers: [contact(one)] })
    tab.hold(one)
    expect(tab.asker.useless).toEqual([two])
  })

  it('[KE23] asks one that is known from its promise about that, and chooses it for nothing else', () => {
    const remembered = { ...contact(one), remembered: true }
    const untilMs = 1_800_000_000_000 + keepTermMsMax - 1
    const tab = new Tab()
    const promises = [{ keeper: one, untilMs, held: true }]
    expect(tab.begin([remembered], { promises })).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
    expect(tab.status(one, 'none')).toEqual(['offer keeper-one'])
    const other = new Tab()
    expect(other.begin([remembered])).toEqual([])
    expect(other.state).toBe('none')
    expect(other.asker.isLacking).toBe(true)
    expect(other.take({ type: 'keepers', keepers: [contact(one)] })).toEqual(['connect keeper-one'])
  })

  it('[KE29] asks one by whose invitation it may first, and shows the token to nobody else, also when it renews', () => {
    const token = seededBytes(7, 32)
    const invited = { ...contact(two, { invited: true }), token }
    const tab = new Tab()
    const tokens: unknown[] = []
    const take = (input: KeepAskerInput) => {
      const effects = tab.asker.handle(tab.nowMs, input)
      for (const effect of effects)
        if (effect.type === 'send' && effect.frame.type === 'offer')
          tokens.push([effect.keeper, effect.frame.offer.token])
      return effects.map(({ type }) => type)
    }
    take({ type: 'keepers', keepers: [contact(one), invited] })
    take({ type: 'wish', wish: { ...wish, copies: 2 } })
    expect(tab.asker.standingOf(swarmId)!.keepers.map(({ keeper }) => keeper)).toEqual([two, one])
    for (const keeper of [one, two]) take({ type: 'connected', keeper })
    expect(tokens).toEqual([
      [one, undefined],
      [two, token]
    ])
    for (const keeper of [one, two]) {
      tab.accept(keeper)
      tab.status(keeper, 'held')
    }
    tab.nowMs += keepTermMsMax / 2
    take({ type: 'wake' })
    for (const keeper of [one, two]) take({ type: 'connected', keeper })
    expect(tokens.slice(2)).toEqual([
      [one, undefined],
      [two, token]
    ])
  })

  it('[KE29] offers anew to one that refused a stranger once it has its invitation, and not without another one', () => {
    const known = contact(one, { invited: true })
    const tab = new Tab()
    expect(tab.begin([known])).toEqual([])
    expect(tab.state).toBe('refused')
    const invited = { ...known, token: seededBytes(7, 32) }
    expect(tab.take({ type: 'keepers', keepers: [invited] })).toEqual(['connect keeper-one'])
    tab.take({ type: 'connected', keeper: one })
    tab.refuse(one, 'not-allowed')
    expect(tab.take({ type: 'keepers', keepers: [invited] })).toEqual([])
    const anew = { ...known, token: seededBytes(8, 32) }
    expect(tab.take({ type: 'keepers', keepers: [anew] })).toEqual(['connect keeper-one'])
  })

  it('says why nobody keeps it', () => {
    const tab = new Tab()
    tab.begin()
    tab.take({ type: 'connected', keeper: one })
    tab.refuse(one, 'full')
    expect(tab.asker.standingOf(swarmId)).toMatchObject({ state: 'refused', code: 'full', keeper: one })
    expect(tab.asker.wakeAtMs()).toBe(Infinity)
  })

  it('[KE14] tries again with growing pauses, and asks anew on the next lane', () => {
    const tab = new Tab()
    tab.begin()
    tab.take({ type: 'lost', keeper: one })
    expect(tab.state).toBe('away')
    expect(tab.asker.wakeAtMs()).toBe(tab.nowMs + keepRetryMs)
    expect(tab.wake()).toEqual(['connect keeper-one'])
    tab.take({ type: 'lost', keeper: one })
    expect(tab.asker.wakeAtMs()).toBe(tab.nowMs + 2 * keepRetryMs)
    tab.wake()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.accept(one)
    tab.status(one, 'coming', 500)
    tab.take({ type: 'lost', keeper: one })
    tab.wake()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
  })

  it('[KE14] takes a keeper that does not answer for one that is away', () => {
    const tab = new Tab()
    tab.begin()
    tab.take({ type: 'connected', keeper: one })
    expect(tab.asker.wakeAtMs()).toBe(tab.nowMs + keepAnswerMs)
    expect(tab.wake()).toEqual(['disconnect keeper-one'])
    expect(tab.state).toBe('away')
  })

  it('[KE14] offers anew, after a while, what a keeper gave up', () => {
    const tab = new Tab()
    tab.begin()
    tab.take({ type: 'connected', keeper: one })
    tab.accept(one)
    expect(tab.status(one, 'none')).toEqual(['disconnect keeper-one'])
    expect(tab.asker.wakeAtMs()).toBeGreaterThan(tab.nowMs)
    expect(tab.wake()).toEqual(['connect keeper-one'])
  })

  it('[KE15] renews at half of the term', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.nowMs += keepTermMsMax / 2
    expect(tab.wake()).toEqual(['connect keeper-one'])
    expect(tab.state).toBe('safe')
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.accept(one)
    expect(tab.asker.standingOf(swarmId)!.untilMs).toBe(tab.nowMs + keepTermMsMax)
    expect(tab.status(one, 'held')).toEqual(['disconnect keeper-one'])
  })

  it('[KE15] believes an earlier promise, asks, and offers anew what is no longer there', () => {
    const untilMs = 1_800_000_000_000 + keepTermMsMax - 1
    const tab = new Tab()
    tab.take({ type: 'wish', wish: { ...wish, promises: [{ keeper: one, untilMs, held: true }] } })
    expect(tab.state).toBe('safe')
    expect(tab.take({ type: 'keepers', keepers: [contact(one)] })).toEqual(['connect keeper-one'])
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
    expect(tab.status(one, 'none')).toEqual(['offer keeper-one'])
    expect(tab.state).toBe('asking')
    const late = new Tab()
    late.nowMs = untilMs - keepTermMsMax / 2 + 1
    late.begin([contact(one)], { promises: [{ keeper: one, untilMs, held: true }] })
    expect(late.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    const over = new Tab()
    over.nowMs = untilMs
    over.take({ type: 'wish', wish: { ...wish, promises: [{ keeper: one, untilMs, held: true }] } })
    expect(over.state).toBe('none')
  })

  it('[KE13] a promise of an earlier visit is not safe while its keeper did not say that it has all of it', () => {
    const tab = new Tab()
    const untilMs = tab.nowMs + keepTermMsMax
    tab.begin([contact(one)], { promises: [{ keeper: one, untilMs, held: false }] })
    expect(tab.state).toBe('handing')
    tab.take({ type: 'connected', keeper: one })
    tab.status(one, 'held')
    expect(tab.state).toBe('safe')
  })

  it('tells how it stands at each keeper, the furthest first', () => {
    const tab = new Tab()
    tab.begin([contact(one, { dataSetBytesMax: 10 }), contact(two)])
    tab.take({ type: 'connected', keeper: two })
    tab.accept(two)
    tab.status(two, 'coming', 400)
    expect(tab.asker.standingOf(swarmId)).toMatchObject({
      state: 'handing',
      keeper: two,
      keepers: [
        { keeper: one, state: 'refused', code: 'too-large' },
        { keeper: two, state: 'handing', heldBytes: 400 }
      ]
    })
  })
})
