import { describe, expect, it } from 'vitest'
import type { SwarmId } from '../../src/core/ids.ts'
import {
  announcementsCrowded,
  dormantTtlMs,
  holdSwarmsMax,
  holdSwarmsPerCost,
  swarmsPerPeerMax,
  trackerBurst
} from '../../src/core/limits.ts'
import { TrackerClient } from '../../src/core/tracker/client.ts'
import { DormantAnnouncer, type DormantInput } from '../../src/core/tracker/dormant.ts'
import type { TrackerEffect } from '../../src/core/tracker/types.ts'
import { Desk, recordOf } from '../support/tracker-desk.ts'

const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId

/** A keeper's announcer over so many swarms, and the tracker that hears it. */
class Keeper {
  readonly desk = new Desk()
  readonly lane = this.desk.open('keeper')
  readonly announcer = new DormantAnnouncer('keeper')
  readonly swarmIds: SwarmId[]
  said = 0
  answers: TrackerEffect[] = []

  constructor(count: number) {
    this.swarmIds = Array.from({ length: count }, (_, i) => swarm(i + 1))
    this.desk.say(this.lane, { type: 'record', record: recordOf('keeper') })
  }

  turn(input: DormantInput): void {
    for (const effect of this.announcer.handle(this.desk.nowMs, input)) {
      if (effect.type === 'send') {
        this.said += effect.frame.type === 'hold' ? effect.frame.swarmIds.length : 0
        this.answers.push(...this.desk.say(this.lane, effect.frame))
        continue
      }
      const start = effect.after === undefined ? 0 : this.swarmIds.indexOf(effect.after) + 1
      this.turn({ type: 'page', swarmIds: this.swarmIds.slice(start, start + effect.count) })
    }
  }

  wakeAtMs(nowMs: number): void {
    this.desk.nowMs = nowMs
    this.turn({ type: 'wake' })
  }
}

describe('what is dormant', () => {
  it.each([5, holdSwarmsMax, 2 * holdSwarmsMax + 5])(
    '[TR11] %i swarms are said page by page, again after half of their time, and not before',
    (count) => {
      const keeper = new Keeper(count)
      keeper.turn({ type: 'ready' })
      keeper.turn({ type: 'ready' })
      keeper.wakeAtMs(dormantTtlMs / 2 - 1)
      expect(keeper.said).toBe(count)
      const watcher = keeper.desk.join('watcher', { swarmId: swarm(3), watch: true })
      expect(keeper.desk.told()).toEqual([[watcher, ['keeper']]])
      expect(keeper.announcer.wakeAtMs()).toBe(dormantTtlMs / 2)
      keeper.wakeAtMs(dormantTtlMs / 2)
      expect(keeper.said).toBe(2 * count)
    }
  )

  it('[TR11] as much as one peer may hold is said at once, round after round, and no more', () => {
    const keeper = new Keeper(swarmsPerPeerMax + 1)
    keeper.turn({ type: 'ready' })
    for (let round = 1; round < 5; round++) keeper.wakeAtMs((round * dormantTtlMs) / 2)
    expect(new Set(keeper.answers.map((each) => each.type === 'send' && each.frame.type))).toEqual(new Set(['refuse']))
    expect(keeper.answers).toHaveLength(5)
    expect(keeper.desk.server.swarmCount).toBe(swarmsPerPeerMax)
  })

  it('[TR8] once a relay is half full a large library gives way, and those of thousands still find room', () => {
    const desk = new Desk()
    const lanes = Array.from({ length: Math.ceil(announcementsCrowded / swarmsPerPeerMax) + 1 }, (_, i) =>
      desk.join(`keeper ${i}`)
    )
    for (let first = 1; first < 0.9 * swarmsPerPeerMax; first += holdSwarmsMax) {
      const swarmIds = Array.from({ length: holdSwarmsMax }, (_, i) => swarm(first + i))
      for (const lane of lanes) desk.say(lane, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds })
    }
    expect(desk.announce(lanes[0]!, { swarmId: swarm(2 * swarmsPerPeerMax) })).toMatchObject([
      { frame: { type: 'refuse', reason: 'too-many' } }
    ])
    expect(desk.announce(desk.join('tab'), { swarmId: swarm(1) })).toEqual([])
  })

  it('[TR11] those who wait are told, as far as the budget goes', () => {
    const desk = new Desk()
    const [watcher, keeper] = [desk.open('watcher'), desk.open('keeper')]
    const swarmIds = Array.from({ length: holdSwarmsMax }, (_, i) => swarm(i + 1))
    for (const swarmId of swarmIds) desk.announce(watcher, { swarmId, watch: true })
    desk.say(keeper, { type: 'record', record: recordOf('keeper') })
    const left = holdSwarmsMax / holdSwarmsPerCost + 2
    for (let spent = 1; spent < trackerBurst - left; spent++) desk.say(keeper, { type: 'unknown', code: 200 })
    desk.say(keeper, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds })
    expect(desk.told()).toEqual([[watcher, ['keeper']]])
    desk.nowMs += 60 * 60_000
    desk.announce(watcher, { swarmId: swarm(9), watch: true })
    desk.say(keeper, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds: [swarm(9)] })
    expect(desk.told()).toEqual([[watcher, ['keeper']]])
  })

  it('[TR11] one that is named many times over in a hold counts once', () => {
    const desk = new Desk()
    const [watcher, keeper] = [desk.open('watcher'), desk.open('keeper')]
    desk.announce(watcher, { swarmId: swarm(1), watch: true })
    desk.say(keeper, { type: 'record', record: recordOf('keeper') })
    const swarmIds = Array.from({ length: holdSwarmsMax }, () => swarm(1))
    for (let said = 0; said <= trackerBurst; said += holdSwarmsMax) {
      const effects = desk.say(keeper, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds })
      expect(effects.map(({ type }) => type)).toEqual(said === 0 ? ['send'] : [])
    }
  })

  it('[TR11] one who says more than the budget takes is closed', () => {
    const desk = new Desk()
    const keeper = desk.open('keeper')
    const swarmIds = Array.from({ length: holdSwarmsMax }, (_, i) => swarm(i + 1))
    desk.say(keeper, { type: 'record', record: recordOf('keeper') })
    const costOfHold = 1 + holdSwarmsMax / holdSwarmsPerCost
    for (let spent = 1 + costOfHold; spent < trackerBurst; spent += costOfHold) {
      expect(desk.say(keeper, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds })).toEqual([])
    }
    const over = desk.say(keeper, { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds })
    expect(over).toMatchObject([{ type: 'close', laneId: keeper }])
  })

  it('[TR11] a hold before the record is refused, and one of a relay ends its lane', () => {
    const desk = new Desk()
    const hold = { type: 'hold', role: 'keeper', ttlMs: dormantTtlMs, swarmIds: [swarm(1)] } as const
    expect(desk.say(desk.open('keeper'), hold)).toMatchObject([{ frame: { type: 'refuse', reason: 'no-record' } }])
    expect(desk.say(desk.open('relay', true), hold)).toMatchObject([{ type: 'close' }])
  })

  it('[TR11] one that nobody asks for any more is said once with the long ttl, and is never taken back for it', () => {
    const client = new TrackerClient()
    const holding = { role: 'keeper', holder: true, watch: false } as const
    const joined = { swarmId: swarm(1), membership: holding }
    client.handle(0, { type: 'join', ...joined })
    expect(client.handle(0, { type: 'rest', swarmId: swarm(1) })).toEqual([])
    client.handle(0, { type: 'record', record: recordOf('keeper') })
    client.handle(0, { type: 'join', ...joined })
    expect(client.handle(9, { type: 'rest', swarmId: swarm(1) })).toEqual([
      { type: 'send', frame: { type: 'announce', swarmId: swarm(1), ...holding, ttlMs: dormantTtlMs } }
    ])
    expect(client.wakeAtMs()).toBe(Infinity)
    expect(client.handle(9, { type: 'leave', swarmId: swarm(1) })).toEqual([])
  })
})
