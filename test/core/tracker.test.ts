import { describe, expect, it } from 'vitest'
import type { LaneId, SwarmId } from '../../src/core/ids.ts'
import {
  announceTtlMs,
  announceTtlMsMax,
  peersPerAnswerMax,
  swarmPeersMax,
  swarmsPerPeerMax,
  trackerBurst,
  trackerPerSecond,
  watchersToldMax
} from '../../src/core/limits.ts'
import { Desk, recordOf, swarmId } from '../support/tracker-desk.ts'

const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId
const ttlMs = announceTtlMs

describe('tracker server', () => {
  it('[TR2] takes no announcement before a record, and no record that is not the peer’s own', () => {
    const desk = new Desk()
    const lane = desk.open('ann')
    expect(desk.announce(lane)).toEqual([
      { type: 'send', laneId: lane, frame: { type: 'refuse', swarmId, reason: 'no-record' } }
    ])
    expect(desk.say(lane, { type: 'record', record: recordOf('bob') })).toMatchObject([{ type: 'close', laneId: lane }])
    expect(desk.say(lane, { type: 'record', record: recordOf('ann') })).toEqual([])
    expect(desk.server.swarmCount).toBe(0)
  })

  it('[TR2] answers a watch before the record, and tells nobody of its sender until that is there', () => {
    const desk = new Desk()
    const holder = desk.join('holder', { holder: true })
    const early = desk.open('early')
    desk.announce(early, { watch: true })
    expect(desk.told()).toEqual([[early, ['holder']]])
    const other = desk.join('other', { watch: true })
    expect(desk.told()).toEqual([
      [other, ['holder']],
      [early, ['other']]
    ])
    desk.say(early, { type: 'record', record: recordOf('early') })
    expect(desk.told()).toEqual([[other, ['early']]])
    desk.say(holder, { type: 'leave', swarmId })
    desk.join('third', { watch: true })
    expect(desk.told().at(0)![1].toSorted()).toEqual(['early', 'other'])
  })

  it('[TR4] tells watchers of a newcomer, of a new holder and of a new record at once, and of nothing else', () => {
    const desk = new Desk()
    const watcher = desk.join('watcher', { watch: true })
    expect(desk.told()).toEqual([[watcher, []]])
    desk.join('deaf')
    expect(desk.told()).toEqual([[watcher, ['deaf']]])
    const ann = desk.join('ann')
    expect(desk.told()).toEqual([[watcher, ['ann']]])
    desk.announce(ann)
    expect(desk.told()).toEqual([])
    desk.announce(ann, { holder: true })
    expect(desk.told()).toEqual([[watcher, ['ann']]])
    desk.say(ann, { type: 'record', record: recordOf('ann') })
    expect(desk.told()).toEqual([])
    desk.say(ann, { type: 'record', record: recordOf('ann elsewhere') })
    expect(desk.effects).toMatchObject([
      { laneId: watcher, frame: { peers: [{ record: recordOf('ann elsewhere'), holder: true }] } }
    ])
  })

  it('[TR3] answers a watcher with a random sample without itself, half holders and half others', () => {
    const desk = new Desk()
    for (let i = 0; i < 60; i++) desk.join(`h${i}`, { holder: true })
    for (let i = 0; i < 60; i++) desk.join(`p${i}`)
    const first = desk.join('w1', { watch: true })
    const [[lane, names]] = desk.told() as [[LaneId, string[]]]
    expect(lane).toBe(first)
    expect(new Set(names).size).toBe(peersPerAnswerMax)
    expect(names.filter((name) => name.startsWith('h'))).toHaveLength(peersPerAnswerMax / 2)
    expect(names).not.toContain('w1')
    desk.join('w2', { watch: true })
    expect(desk.told().at(0)![1]).not.toEqual(names)
  })

  it('[TR3] where one kind is scarce there is more of the other', () => {
    const desk = new Desk()
    for (let i = 0; i < 3; i++) desk.join(`h${i}`, { holder: true })
    for (let i = 0; i < 60; i++) desk.join(`p${i}`)
    desk.join('w1', { watch: true })
    const names = desk.told()[0]![1]
    expect(names.filter((name) => name.startsWith('h'))).toHaveLength(3)
    expect(names).toHaveLength(peersPerAnswerMax)
    const other = new Desk()
    for (let i = 0; i < 60; i++) other.join(`h${i}`, { holder: true })
    other.join('w1', { watch: true })
    expect(other.told()[0]![1]).toHaveLength(peersPerAnswerMax)
  })

  it('[TR12] answers who looks, also without a record, and tells nobody of it', () => {
    const desk = new Desk()
    const watcher = desk.join('watcher', { watch: true })
    const looker = desk.open('looker')
    desk.say(looker, { type: 'look', swarmId: swarm(7) })
    expect(desk.told()).toEqual([[looker, []]])
    desk.join('holder', { holder: true })
    desk.say(looker, { type: 'look', swarmId })
    expect(desk.told()).toEqual([[looker, expect.arrayContaining(['holder', 'watcher'])]])
    desk.say(looker, { type: 'record', record: recordOf('looker') })
    expect(desk.told()).toEqual([])
    desk.join('late', { holder: true })
    expect(desk.told()).toEqual([[watcher, ['late']]])
    expect(desk.server.swarmCount).toBe(1)
  })

  it('[TR5] forgets what expired: in answers at once, in memory when it wakes', () => {
    const desk = new Desk()
    desk.join('ann')
    desk.nowMs = ttlMs
    desk.join('watcher', { watch: true })
    expect(desk.told()[0]![1]).toEqual([])
    desk.nowMs = desk.server.wakeAtMs()
    desk.server.handle(desk.nowMs, { type: 'wake' })
    expect(desk.server.swarmCount).toBe(1)
    desk.nowMs += 2 * ttlMs
    desk.server.handle(desk.nowMs, { type: 'wake' })
    expect(desk.server.swarmCount).toBe(0)
    expect(desk.server.wakeAtMs()).toBe(Infinity)
  })

  it('[TR5] one that comes again after its time is news', () => {
    const desk = new Desk()
    const watcher = desk.join('watcher', { watch: true, ttlMs: announceTtlMsMax })
    const ann = desk.join('ann', { holder: true })
    desk.nowMs = ttlMs + 1
    desk.announce(ann, { holder: true })
    expect(desk.told()).toEqual([[watcher, ['ann']]])
  })

  it('[TR6] an announcement ends with leave, and with the lane', () => {
    const desk = new Desk()
    const ann = desk.join('ann')
    const bob = desk.join('bob')
    desk.say(ann, { type: 'leave', swarmId })
    desk.join('w1', { watch: true })
    expect(desk.told()[0]![1]).toEqual(['bob'])
    desk.close(bob)
    desk.join('w2', { watch: true })
    expect(desk.told()[0]![1]).toEqual(['w1'])
  })

  it('[TR7] a second lane of a peer takes the place of the first', () => {
    const desk = new Desk()
    const first = desk.join('ann')
    const second = desk.open('ann')
    expect(desk.effects).toMatchObject([{ type: 'close', laneId: first }])
    expect(desk.server.swarmCount).toBe(0)
    desk.close(first)
    desk.say(second, { type: 'record', record: recordOf('ann') })
    desk.announce(second, { watch: true })
    expect(desk.told()).toEqual([[second, []]])
  })

  it('[TR8] swarms of one peer and peers of one swarm are bounded', () => {
    const desk = new Desk()
    const ann = desk.join('ann')
    const lasting = { ttlMs: announceTtlMsMax }
    desk.announce(ann, lasting)
    for (let i = 1; i < swarmsPerPeerMax; i++) {
      desk.nowMs += 1_000 / trackerPerSecond
      if (desk.announce(ann, { swarmId: swarm(i), ...lasting }).length > 0) expect.unreachable(`swarm ${i} was refused`)
    }
    expect(desk.announce(ann, { swarmId: swarm(swarmsPerPeerMax) })).toMatchObject([
      { frame: { type: 'refuse', reason: 'too-many' } }
    ])
    expect(desk.announce(ann, { holder: true })).toEqual([])
    for (let i = 1; i < swarmPeersMax; i++) desk.join(`p${i}`)
    desk.join('late')
    expect(desk.effects).toMatchObject([{ frame: { type: 'refuse', reason: 'too-many' } }])
    const later = desk.join('later', { watch: true })
    expect(desk.told()).toEqual([[later, expect.objectContaining({ length: peersPerAnswerMax })]])
    expect(desk.effects.at(-1)).toMatchObject({ frame: { type: 'refuse', reason: 'too-many' } })
  })

  it('[TR4] [TR8] all watchers hear of a holder, some of others, and none of one who cries wolf', () => {
    const desk = new Desk()
    for (let i = 0; i < 1000; i++) desk.join(`w${i}`, { watch: true })
    const ann = desk.join('ann')
    expect(new Set(desk.told().map(([lane]) => lane)).size).toBe(watchersToldMax)
    desk.announce(ann, { holder: true })
    expect(desk.told()).toHaveLength(1000)
    let told = 0
    for (let i = 0; i < 200; i++) {
      desk.announce(ann, { holder: i % 2 === 1 })
      told += desk.told().length
    }
    expect(told).toBeLessThan(trackerBurst + 200 * watchersToldMax)
  })

  it('[TR4] where a crowd becomes whole, its further holders are told to some', () => {
    const desk = new Desk()
    const crowd = Array.from({ length: 200 }, (_, i) => desk.join(`w${i}`, { watch: true }))
    const told = crowd.map((lane) => {
      desk.announce(lane, { holder: true, watch: true })
      return desk.told().length
    })
    expect(told.slice(0, peersPerAnswerMax)).toEqual(Array.from({ length: peersPerAnswerMax }, () => 199))
    expect(new Set(told.slice(peersPerAnswerMax))).toEqual(new Set([watchersToldMax]))
  })

  it('[TR8] one that talks too much is closed, one that keeps its pace is not', () => {
    const desk = new Desk()
    const ann = desk.join('ann')
    for (let i = 0; i < 3000; i++) {
      desk.nowMs += 2_000 / trackerPerSecond
      desk.announce(ann)
    }
    expect(desk.effects).toEqual([])
    let closed = false
    for (let i = 0; i <= trackerBurst && !closed; i++) closed = desk.announce(ann).some(({ type }) => type === 'close')
    expect(closed).toBe(true)
    expect(desk.server.swarmCount).toBe(0)
  })

  it('[TR1] what only a tracker says closes the lane, what is new is passed over', () => {
    const desk = new Desk()
    const ann = desk.join('ann')
    expect(desk.say(ann, { type: 'unknown', code: 200 })).toEqual([])
    expect(desk.say(ann, { type: 'peers', swarmId, peers: [] })).toMatchObject([{ type: 'close', laneId: ann }])
  })
})
