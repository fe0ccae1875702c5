import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { peersPerAnswerMax } from '../../src/core/limits.ts'
import { Desk, recordOf, swarmId } from '../support/tracker-desk.ts'

describe('tracker server among relays', () => {
  it('[RN1] tells when a swarm has its first peer here and when the last one left, and counts no relay', () => {
    const desk = new Desk()
    const relay = desk.open('relay', true)
    desk.announce(relay, { watch: true })
    expect(desk.served).toEqual([{ type: 'asked', swarmId, relay: 'relay' }])
    const ann = desk.open('ann')
    desk.say(ann, { type: 'record', record: recordOf('ann') })
    desk.announce(ann)
    expect(desk.served).toEqual([{ type: 'served', swarmId }])
    const bob = desk.join('bob')
    expect(desk.served).toEqual([])
    desk.say(ann, { type: 'leave', swarmId })
    expect(desk.served).toEqual([])
    desk.close(bob)
    expect(desk.served).toEqual([{ type: 'ended', swarmId }])
  })

  it('[RN4] tells of a watcher whose answer has room', () => {
    const desk = new Desk()
    const first = desk.join('first', { watch: true })
    expect(desk.served).toContainEqual({ type: 'watched', swarmId, laneId: first })
    for (let i = 0; i < peersPerAnswerMax; i++) desk.join(`p${i}`)
    desk.join('late', { watch: true })
    expect(desk.served).toEqual([])
  })

  it('[RN5] answers another relay each time it asks, tells it of newcomers, and names it to nobody', () => {
    const desk = new Desk()
    desk.join('ann', { holder: true })
    const relay = desk.open('relay', true)
    desk.announce(relay, { watch: true })
    expect(desk.told()).toEqual([[relay, ['ann']]])
    desk.announce(relay, { watch: true })
    expect(desk.told()).toEqual([[relay, ['ann']]])
    const bob = desk.join('bob', { watch: true })
    expect(desk.told()).toEqual([
      [bob, ['ann']],
      [relay, ['bob']]
    ])
    expect(desk.say(relay, { type: 'record', record: recordOf('relay') })).toMatchObject([{ type: 'close' }])
  })

  it('[RN5] passes on what another relay says, to peers alone', () => {
    const desk = new Desk()
    const relay = desk.open('relay', true)
    desk.announce(relay, { watch: true })
    const [ann, bob] = [desk.join('ann', { watch: true }), desk.join('bob', { watch: true })]
    desk.join('deaf')
    const peers = [{ peerId: 'far' as PeerId, role: 'tab', holder: true, record: recordOf('far') }] as const
    desk.do({ type: 'elsewhere', swarmId, peers })
    expect(desk.told().toSorted()).toEqual([
      [ann, ['far']],
      [bob, ['far']]
    ])
    desk.do({ type: 'elsewhere', swarmId, peers, laneId: bob })
    expect(desk.told()).toEqual([[bob, ['far']]])
  })
})
