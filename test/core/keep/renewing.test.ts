import { describe, expect, it } from 'vitest'
import { keepCheckMs, keepTermMsMax } from '../../../src/core/limits.ts'
import { contact, one, swarmId, Tab, two } from '../../support/asking-tab.ts'
import { seededBytes } from '../../support/seeded.ts'

describe('a promise that is not renewed', () => {
  it('[KE32] a renewal that is refused leaves what was promised, and another keeper is asked for a copy', () => {
    const token = seededBytes(7, 32)
    const invited = { ...contact(one, { invited: true }), token }
    const tab = new Tab()
    tab.begin([invited, contact(two)])
    tab.hold(one)
    const untilMs = tab.nowMs + keepTermMsMax
    tab.nowMs += keepTermMsMax / 2
    tab.wake()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    expect(tab.refuse(one, 'invitation-revoked')).toEqual(['ask-status keeper-one', 'connect keeper-two'])
    expect(tab.refuse(one, 'not-allowed')).toEqual([]) // the word for earlier versions
    const standing = () => tab.asker.standingOf(swarmId)!
    const kept = { keeper: one, state: 'safe', untilMs, code: 'invitation-revoked' }
    expect(standing()).toMatchObject(kept)
    expect(tab.status(one, 'held')).toEqual(['disconnect keeper-one'])
    tab.hold(two)
    expect(standing()).toMatchObject({ keeper: two, keepers: [kept, { keeper: two, state: 'safe' }] })
    tab.nowMs += keepCheckMs
    tab.wake()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['ask-status keeper-one'])
    tab.status(one, 'held')
    expect(tab.asker.wakeAtMs()).toBeLessThanOrEqual(untilMs)
    tab.nowMs = untilMs
    tab.wake()
    const over = { keeper: one, state: 'refused', code: 'invitation-revoked', untilMs: 0 }
    expect(standing().keepers).toMatchObject([over, { keeper: two, state: 'safe' }])
  })

  it('[KE15] [KE14] is renewed by a receipt, and by no status that comes before it', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.nowMs += keepTermMsMax / 2
    tab.wake()
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    expect(tab.status(one, 'held')).toEqual([]) // the lane stays open
    tab.accept(one)
    expect(tab.asker.standingOf(swarmId)).toMatchObject({ state: 'safe', untilMs: tab.nowMs + keepTermMsMax })
  })

  it('[KE32] whoever refuses to renew and has no copy any more has refused', () => {
    const tab = new Tab()
    tab.begin()
    tab.hold(one)
    tab.nowMs += keepTermMsMax / 2
    tab.wake()
    tab.take({ type: 'connected', keeper: one })
    expect(tab.refuse(one, 'full')).toEqual(['ask-status keeper-one'])
    expect(tab.status(one, 'none')).toEqual(['offer keeper-one'])
    expect(tab.refuse(one, 'full')).toEqual(['disconnect keeper-one'])
    expect(tab.asker.standingOf(swarmId)).toMatchObject({ state: 'refused', code: 'full', untilMs: 0 })
    expect(tab.asker.wakeAtMs()).toBe(Infinity)
  })

  it('[KE29] [KE32] renews what was refused for its invitation as soon as there is another one', () => {
    const invited = { ...contact(one, { invited: true }), token: seededBytes(7, 32) }
    const tab = new Tab()
    tab.begin([invited])
    tab.hold(one)
    tab.nowMs += keepTermMsMax / 2
    tab.wake()
    tab.take({ type: 'connected', keeper: one })
    tab.refuse(one, 'invitation-unknown')
    tab.status(one, 'held')
    const anew = { ...invited, token: seededBytes(8, 32) }
    expect(tab.take({ type: 'keepers', keepers: [anew] })).toEqual(['connect keeper-one'])
    expect(tab.state).toBe('safe')
    expect(tab.take({ type: 'connected', keeper: one })).toEqual(['offer keeper-one'])
    tab.accept(one)
    tab.status(one, 'held')
    expect(tab.asker.standingOf(swarmId)).toMatchObject({ state: 'safe', untilMs: tab.nowMs + keepTermMsMax })
    expect(tab.asker.standingOf(swarmId)).not.toHaveProperty('code')
  })
})
