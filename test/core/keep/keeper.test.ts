import { describe, expect, it } from 'vitest'
import { manifestCidOf } from '../../../src/core/block/cid.ts'
import { plainSwarmId } from '../../../src/core/envelope/keys.ts'
import type { LaneId, PeerId, SwarmId } from '../../../src/core/ids.ts'
import {
  keepBurst,
  keepOwnersMax,
  keepPeerSetsMax,
  keepStallMs,
  keepTellMs,
  keepTermMsMax
} from '../../../src/core/limits.ts'
import { Keeper } from '../../../src/core/keep/keeper.ts'
import { ownerOf } from '../../../src/core/keep/receipt.ts'
import type { KeeperEffect, KeeperInput, KeepFrame, KeepPolicy, Kept, Offer } from '../../../src/core/keep/types.ts'
import { seededBytes } from '../../support/seeded.ts'

const MiB = 2 ** 20
const policy: KeepPolicy = {
  bytesMax: 100 * MiB,
  peerBytesMax: 60 * MiB,
  dataSetBytesMax: 50 * MiB,
  termMsMax: keepTermMsMax
}
const ownerKey = (n: number) => seededBytes(1000 + n, 32)
const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId

const offerOf = (n: number, over: Partial<Offer> = {}): Offer => ({
  manifestCid: manifestCidOf(seededBytes(n, 32)),
  swarmId: swarm(n),
  swarmKey: seededBytes(n + 1, 32),
  sizeBytes: MiB,
  termMs: keepTermMsMax,
  owner: ownerOf(ownerKey(n)),
  ...over
})

/** A keeper whose disk never fails, and what it said. */
class Desk {
  nowMs = 1_800_000_000_000
  readonly keeper: Keeper
  readonly ended: SwarmId[] = []
  readonly begun: SwarmId[] = []
  readonly disk = new Map<SwarmId, Kept>()
  diskFails = false
  #lanes = 0

  constructor(over: Partial<KeepPolicy> = {}) {
    this.keeper = new Keeper({ ...policy, ...over })
  }

  open(name: string): LaneId {
    const laneId = ++this.#lanes as LaneId
    this.take({ type: 'opened', laneId, peerId: name as PeerId })
    return laneId
  }

  offer(laneId: LaneId, n: number, over: Partial<Offer> = {}): KeeperEffect[] {
    return this.say(laneId, { type: 'offer', offer: offerOf(n, over) })
  }

  say(laneId: LaneId, frame: KeepFrame): KeeperEffect[] {
    return this.take({ type: 'frame', laneId, frame })
  }

  take(input: KeeperInput): KeeperEffect[] {
    const effects = this.keeper.handle(this.nowMs, input)
    return effects.flatMap((effect) => [effect, ...this.#perform(effect)])
  }

  #perform(effect: KeeperEffect): KeeperEffect[] {
    if (effect.type === 'end') this.ended.push(effect.swarmId)
    if (effect.type === 'begin') this.begun.push(effect.kept.swarmId)
    if (effect.type === 'end') this.disk.delete(effect.swarmId)
    if (effect.type === 'save' && this.diskFails) {
      return this.take({ type: 'save-failed', laneId: effect.laneId, swarmId: effect.kept.swarmId })
    }
    if (effect.type !== 'save' && effect.type !== 'update') return []
    this.disk.set(effect.kept.swarmId, effect.kept)
    return effect.type === 'save'
      ? this.take({ type: 'saved', laneId: effect.laneId, swarmId: effect.kept.swarmId })
      : []
  }
}

const said = (effects: readonly KeeperEffect[]): string[] =>
  effects.flatMap((effect) => {
    if (effect.type === 'accept') return ['accepted']
    if (effect.type === 'close') return ['closed']
    if (effect.type !== 'send') return []
    const { frame } = effect
    return frame.type === 'refused' ? [frame.code] : frame.type === 'status' ? [frame.state] : [frame.type]
  })

describe('what a keeper accepts', () => {
  it('[KE6] promises, when the promise is on disk, and begins to fetch', () => {
    const desk = new Desk()
    const effects = desk.offer(desk.open('alice'), 1)
    expect(said(effects)).toEqual(['accepted', 'coming'])
    const at = (type: string) => effects.findIndex((effect) => effect.type === type)
    expect(at('save')).toBeLessThan(at('accept'))
    expect(desk.begun).toEqual([swarm(1)])
    expect(desk.disk.get(swarm(1))!.untilMs).toBe(desk.nowMs + keepTermMsMax)
  })

  it('[KE6] promises nothing where the disk fails', () => {
    const desk = new Desk()
    desk.diskFails = true
    expect(said(desk.offer(desk.open('alice'), 1))).toEqual(['full', 'none'])
    expect(desk.begun).toEqual([])
    expect(desk.keeper.promisedBytes).toBe(0)
  })

  it.each([
    ['too large', { sizeBytes: 50 * MiB + 1 }, 'too-large'],
    ['empty', { sizeBytes: 0 }, 'too-large'],
    ['too long', { termMs: keepTermMsMax + 1000 }, 'term-too-long']
  ])('[KE2] refuses what is %s', (_, over, code) => {
    const desk = new Desk()
    expect(said(desk.offer(desk.open('alice'), 1, over))).toEqual([code])
  })

  it('[KE2] has bounds for one peer and for all together, and room again when something goes', () => {
    const desk = new Desk()
    const [alice, bob, carol] = [desk.open('alice'), desk.open('bob'), desk.open('carol')]
    expect(said(desk.offer(alice, 1, { sizeBytes: 40 * MiB }))).toContain('accepted')
    expect(said(desk.offer(alice, 2, { sizeBytes: 40 * MiB }))).toEqual(['full']) // of its own
    expect(said(desk.offer(bob, 3, { sizeBytes: 40 * MiB }))).toContain('accepted')
    expect(said(desk.offer(carol, 4, { sizeBytes: 40 * MiB }))).toEqual(['full']) // of all
    desk.say(alice, { type: 'release', swarmId: swarm(1), ownerKey: ownerKey(1) })
    expect(said(desk.offer(carol, 4, { sizeBytes: 40 * MiB }))).toContain('accepted')
  })

  it('[KE2] bounds how many data sets one peer offers', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    for (let n = 0; n < keepPeerSetsMax; n++) expect(said(desk.offer(alice, n, { sizeBytes: 1 }))).toContain('accepted')
    expect(said(desk.offer(alice, keepPeerSetsMax, { sizeBytes: 1 }))).toEqual(['full'])
  })

  it('[KE3] by invitation: who shows a token; by list: who is named', () => {
    const token = seededBytes(9, 32)
    const desk = new Desk({ tokens: [token], peers: ['bob' as PeerId] })
    const alice = desk.open('alice')
    expect(said(desk.offer(alice, 1))).toEqual(['not-allowed'])
    expect(said(desk.offer(alice, 1, { token: seededBytes(8, 32) }))).toEqual(['not-allowed'])
    expect(said(desk.offer(alice, 1, { token }))).toContain('accepted')
    expect(said(desk.offer(desk.open('bob'), 2))).toContain('accepted')
  })

  it('[KE4] a plain data set is kept under its own swarm only', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    expect(said(desk.offer(alice, 1, { swarmKey: undefined }))).toEqual(['not-allowed'])
    const swarmId = plainSwarmId(offerOf(1).manifestCid)
    expect(said(desk.offer(alice, 1, { swarmKey: undefined, swarmId }))).toContain('accepted')
  })

  it('[KE4] another data set, or another key, does not take the place of one that is kept', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    expect(said(desk.offer(alice, 1, { swarmKey: seededBytes(77, 32) }))).toEqual(['not-allowed'])
    expect(said(desk.offer(alice, 1, { manifestCid: manifestCidOf(seededBytes(77, 32)) }))).toEqual(['not-allowed'])
  })

  it('[KE5] who offers what is kept renews it and takes no more room', () => {
    const desk = new Desk()
    desk.offer(desk.open('alice'), 1, { sizeBytes: 40 * MiB })
    desk.nowMs += 1000
    const before = desk.keeper.promisedBytes
    expect(said(desk.offer(desk.open('bob'), 1, { owner: ownerOf(ownerKey(2)) }))).toContain('accepted')
    expect(desk.keeper.promisedBytes).toBe(before)
    expect(desk.disk.get(swarm(1))).toMatchObject({ untilMs: desk.nowMs + keepTermMsMax, sizeBytes: 40 * MiB })
    desk.offer(desk.open('bob'), 1, { termMs: 1000 })
    expect(desk.disk.get(swarm(1))!.untilMs).toBe(desk.nowMs + keepTermMsMax) // the later counts
    for (let n = 10; n < 30; n++) desk.offer(desk.open('dave'), 1, { owner: ownerOf(ownerKey(n)) })
    expect(desk.disk.get(swarm(1))!.owners).toHaveLength(keepOwnersMax)
  })
})

describe('how long a keeper keeps', () => {
  it('[KE7] until the term is over, also over a restart', () => {
    const desk = new Desk()
    desk.offer(desk.open('alice'), 1)
    desk.take({ type: 'progress', swarmId: swarm(1), heldBytes: MiB, isWhole: true })
    const again = new Desk()
    again.nowMs = desk.nowMs + keepTermMsMax - 1
    for (const kept of desk.disk.values()) again.take({ type: 'restored', kept })
    again.take({ type: 'progress', swarmId: swarm(1), heldBytes: MiB, isWhole: true })
    expect(again.begun).toEqual([swarm(1)])
    again.take({ type: 'wake' })
    expect(again.ended).toEqual([])
    again.nowMs += 1
    expect(again.keeper.wakeAtMs()).toBeLessThanOrEqual(again.nowMs)
    again.take({ type: 'wake' })
    expect(again.ended).toEqual([swarm(1)])
    expect(again.keeper.promisedBytes).toBe(0)
  })

  it('[KE8] gives up what does not come, as long as it is not whole', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    desk.nowMs += keepStallMs - 1
    desk.take({ type: 'progress', swarmId: swarm(1), heldBytes: 65_536, isWhole: false })
    desk.nowMs += keepStallMs - 1
    expect(said(desk.take({ type: 'wake' }))).toEqual([])
    desk.nowMs += 1
    expect(said(desk.take({ type: 'wake' }))).toEqual(['none'])
    desk.offer(alice, 2)
    desk.take({ type: 'progress', swarmId: swarm(2), heldBytes: MiB, isWhole: true })
    desk.nowMs += 2 * keepStallMs
    desk.take({ type: 'wake' })
    expect(desk.ended).toEqual([swarm(1)])
  })

  it('[KE8] gives up what is larger than offered, or cannot be held', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    expect(said(desk.take({ type: 'measured', swarmId: swarm(1), sizeBytes: MiB }))).toEqual([])
    expect(said(desk.take({ type: 'measured', swarmId: swarm(1), sizeBytes: MiB + 1 }))).toEqual(['too-large'])
    desk.offer(alice, 2)
    expect(said(desk.take({ type: 'unusable', swarmId: swarm(2) }))).toEqual(['not-allowed'])
    expect(desk.ended).toEqual([swarm(1), swarm(2)])
  })

  it('[KE9] removes the copy when its last owner lets go, and for nobody else', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    desk.offer(alice, 1, { owner: ownerOf(ownerKey(2)) })
    const release = (n: number) => desk.say(alice, { type: 'release', swarmId: swarm(1), ownerKey: ownerKey(n) })
    expect(said(release(3))).toEqual(['none'])
    expect(desk.disk.get(swarm(1))!.owners).toHaveLength(2)
    release(1)
    expect(desk.ended).toEqual([])
    release(2)
    expect(desk.ended).toEqual([swarm(1)])
  })
})

describe('what a keeper tells', () => {
  it('[KE10] how much has come, not too often, and at once when all is there', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    const progress = (heldBytes: number, isWhole = false) =>
      said(desk.take({ type: 'progress', swarmId: swarm(1), heldBytes, isWhole }))
    expect(progress(1)).toEqual(['coming'])
    expect(progress(2)).toEqual([])
    desk.nowMs += keepTellMs
    expect(progress(3)).toEqual(['coming'])
    expect(progress(MiB, true)).toEqual(['held'])
    desk.take({ type: 'closed', laneId: alice })
    desk.nowMs += keepTellMs
    expect(progress(MiB, true)).toEqual([])
    const bob = desk.open('bob')
    expect(said(desk.say(bob, { type: 'ask-status', swarmId: swarm(1) }))).toEqual(['held'])
    expect(said(desk.say(bob, { type: 'ask-status', swarmId: swarm(2) }))).toEqual(['none'])
  })

  it('[KE11] has one lane with each peer, and cuts off who floods it or talks like a keeper', () => {
    const desk = new Desk()
    const first = desk.open('alice')
    const effects = desk.take({ type: 'opened', laneId: 99 as LaneId, peerId: 'alice' as PeerId })
    expect(effects).toEqual([{ type: 'close', laneId: first }])
    expect(said(desk.say(desk.open('eve'), { type: 'refused', swarmId: swarm(1), code: 'full' }))).toEqual(['closed'])
    const mallory = desk.open('mallory')
    const ask = () => said(desk.say(mallory, { type: 'ask-status', swarmId: swarm(1) }))
    for (let n = 0; n < keepBurst; n++) expect(ask()).toEqual(['none'])
    expect(ask()).toEqual(['closed'])
    expect(ask()).toEqual([])
  })
})
