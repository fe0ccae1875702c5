// Long: one desk serves all of these.
import { describe, expect, it } from 'vitest'
import { manifestCidOf } from '../../../src/core/block/cid.ts'
import { plainSwarmId } from '../../../src/core/envelope/keys.ts'
import type { LaneId, PeerId, SwarmId } from '../../../src/core/ids.ts'
import {
  keepBurst,
  keepComingMax,
  keepOwnersMax,
  keepPeerSetsMax,
  keepSetsMax,
  keepStallMs,
  keepTellMs,
  keepTermMsMax
} from '../../../src/core/limits.ts'
import { Keeper } from '../../../src/core/keep/keeper.ts'
import { ownerOf } from '../../../src/core/keep/receipt.ts'
import { tokenHash } from '../../../src/core/keep/token.ts'
import type {
  KeeperEffect,
  KeeperInput,
  KeepFrame,
  KeepPolicy,
  Kept,
  KeptTotals,
  Offer
} from '../../../src/core/keep/types.ts'
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

/** A keeper with its disk, and what it said. */
class Desk {
  nowMs = 1_800_000_000_000
  readonly keeper: Keeper
  readonly ended: SwarmId[] = []
  readonly begun: SwarmId[] = []
  readonly disk: Map<SwarmId, Kept>
  /** Swarms of copies that are on disk whole. */
  readonly whole: Set<SwarmId>
  diskFails = false
  /** What the disk has left for copies that nobody offered yet. */
  leftBytes = Infinity
  #lanes = 0

  /** `before`: whose disk it has. */
  constructor(over: Partial<KeepPolicy> = {}, before?: Desk) {
    this.keeper = new Keeper({ ...policy, ...over })
    this.disk = before?.disk ?? new Map<SwarmId, Kept>()
    this.whole = before?.whole ?? new Set<SwarmId>()
  }

  /** Starts with what is on disk. */
  restore(nowMs: number): this {
    this.nowMs = nowMs
    const coming = [...this.disk.values()].filter(({ swarmId }) => !this.whole.has(swarmId))
    this.take({ type: 'restored', totals: totalsOf(this.disk.values()), coming })
    return this
  }

  arrived(n: number, heldBytes = MiB): KeeperEffect[] {
    this.whole.add(swarm(n))
    return this.take({ type: 'progress', swarmId: swarm(n), heldBytes, isWhole: true })
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
    if (effect.type === 'end') return this.#end(effect)
    if (effect.type === 'look') return this.#look(effect)
    if (effect.type === 'end-overdue') return this.#endOverdue(effect.byMs)
    if (effect.type === 'save' && this.diskFails) {
      return this.take({ type: 'save-failed', laneId: effect.laneId, swarmId: effect.kept.swarmId })
    }
    if (effect.type !== 'save' && effect.type !== 'update') return []
    const { laneId, kept } = effect
    const { swarmId } = kept
    this.disk.set(swarmId, kept)
    return this.take(effect.type === 'save' ? { type: 'saved', laneId, swarmId, kept } : this.#letGo(laneId, swarmId))
  }

  #look({ laneId, peerId, swarmId }: Extract<KeeperEffect, { type: 'look' }>): KeeperEffect[] {
    const theirs = totalsOf([...this.disk.values()].filter((kept) => kept.peerId === peerId))
    const kept = this.whole.has(swarmId) ? this.disk.get(swarmId) : undefined
    return this.take({
      type: 'found',
      laneId,
      swarmId,
      whole: kept && { kept, heldBytes: kept.sizeBytes },
      theirs,
      leftBytes: this.leftBytes - this.keeper.comingBytes
    })
  }

  #endOverdue(byMs: number): KeeperEffect[] {
    const resting = [...this.disk.values()].filter(
      ({ swarmId }) => this.whole.has(swarmId) && !this.keeper.has(swarmId)
    )
    const over = resting.filter(({ untilMs }) => untilMs <= byMs)
    for (const { swarmId } of over) {
      this.ended.push(swarmId)
      this.#remove(swarmId)
    }
    const nextAtMs = Math.min(Infinity, ...resting.filter((each) => !over.includes(each)).map(({ untilMs }) => untilMs))
    return this.take({ type: 'ended', gone: totalsOf(over), nextAtMs })
  }

  #end({ swarmId, laneId, followers }: Extract<KeeperEffect, { type: 'end' }>): KeeperEffect[] {
    this.#remove(swarmId)
    const told = laneId === undefined ? followers : [...followers, laneId]
    return told.flatMap((each) => this.take(this.#letGo(each, swarmId)))
  }

  #letGo(laneId: LaneId, swarmId: SwarmId): KeeperInput {
    return { type: 'let-go', laneId, swarmId }
  }

  #remove(swarmId: SwarmId): void {
    this.disk.delete(swarmId)
    this.whole.delete(swarmId)
  }
}

const totalsOf = (copies: Iterable<Kept>): KeptTotals => {
  const sizes = Array.from(copies, ({ sizeBytes }) => sizeBytes)
  return { copies: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
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

  it('[KE6] tells the term that is durable, though a later one is being saved', () => {
    const keeper = new Keeper(policy)
    const laneId = 1 as LaneId
    const take = (input: KeeperInput) => keeper.handle(1_000, input)
    take({ type: 'opened', laneId, peerId: 'alice' as PeerId })
    const savedOf = (effects: readonly KeeperEffect[]) =>
      effects.flatMap((each) => (each.type === 'save' ? [each] : []))
    take({ type: 'frame', laneId, frame: { type: 'offer', offer: offerOf(1, { termMs: 1_000 }) } })
    const theirs = { copies: 0, bytes: 0 }
    const [short] = savedOf(take({ type: 'found', laneId, swarmId: swarm(1), theirs, leftBytes: MiB }))
    const [long] = savedOf(
      take({ type: 'frame', laneId, frame: { type: 'offer', offer: offerOf(1, { termMs: 9_000 }) } })
    )
    const told = [short!, long!].flatMap(({ kept }) => take({ type: 'saved', laneId, swarmId: swarm(1), kept }))
    const terms = told.flatMap((each) => (each.type === 'accept' ? [each.kept.untilMs] : []))
    expect(terms).toEqual([2_000, 10_000])
  })

  it('[KE6] promises nothing where the disk fails', () => {
    const desk = new Desk()
    desk.diskFails = true
    expect(said(desk.offer(desk.open('alice'), 1))).toEqual(['full', 'none'])
    expect(desk.begun).toEqual([])
    expect(desk.keeper.promised).toEqual({ copies: 0, bytes: 0 })
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

  it('[KE2] promises no more than other things on its disk and promises before leave room for', () => {
    const desk = new Desk()
    desk.leftBytes = 3 * MiB
    const [alice, bob] = [desk.open('alice'), desk.open('bob')]
    expect(said(desk.offer(alice, 1, { sizeBytes: 2 * MiB }))).toContain('accepted')
    expect(said(desk.offer(bob, 2, { sizeBytes: 2 * MiB }))).toEqual(['full'])
    desk.take({ type: 'progress', swarmId: swarm(1), heldBytes: MiB, isWhole: false })
    expect(desk.keeper.comingBytes).toBe(MiB)
    expect(said(desk.offer(bob, 2, { sizeBytes: 2 * MiB }))).toContain('accepted')
    desk.arrived(1, 2 * MiB)
    expect(desk.keeper.comingBytes).toBe(2 * MiB)
  })

  it('[KE2] bounds how many data sets one peer offers', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    for (let n = 0; n < keepPeerSetsMax; n++) expect(said(desk.offer(alice, n, { sizeBytes: 1 }))).toContain('accepted')
    expect(said(desk.offer(alice, keepPeerSetsMax, { sizeBytes: 1 }))).toEqual(['full'])
  })

  it('[KE3] by invitation: who shows a token; by list: who is named', () => {
    const token = seededBytes(9, 32)
    const desk = new Desk({ tokens: new Set([tokenHash(token)]), peers: ['bob' as PeerId] })
    const alice = desk.open('alice')
    expect(said(desk.offer(alice, 1))).toEqual(['not-allowed'])
    expect(said(desk.offer(alice, 1, { token: seededBytes(8, 32) }))).toContain('not-allowed')
    expect(said(desk.offer(alice, 1, { token }))).toContain('accepted')
    expect(said(desk.offer(desk.open('bob'), 2))).toContain('accepted')
  })

  it('[KE31] tells whoever shows a token what became of it, and then in the word that all versions know', () => {
    const [given, taken, other] = [9, 8, 7].map((seed) => seededBytes(seed, 32))
    const desk = new Desk({ tokens: new Set([tokenHash(given!)]), revoked: new Set([tokenHash(taken!)]) })
    const alice = desk.open('alice')
    expect(said(desk.offer(alice, 1, { token: taken }))).toEqual(['invitation-revoked', 'not-allowed'])
    expect(said(desk.offer(alice, 1, { token: other }))).toEqual(['invitation-unknown', 'not-allowed'])
    expect(said(desk.offer(alice, 1))).toEqual(['not-allowed'])
    const byList = new Desk({ peers: ['bob' as PeerId] })
    expect(said(byList.offer(byList.open('alice'), 1, { token: given }))).toEqual(['invitation-ended', 'not-allowed'])
    expect(said(byList.offer(byList.open('bob'), 1, { token: other }))).toContain('accepted')
  })

  it('[KE28] an invitation that is revoked lets nothing new in, and ends nothing; a new one counts at once', () => {
    const [first, second] = [seededBytes(9, 32), seededBytes(8, 32)]
    const desk = new Desk({ tokens: new Set([tokenHash(first)]) })
    const alice = desk.open('alice')
    expect(said(desk.offer(alice, 1, { token: first }))).toContain('accepted')
    desk.take({ type: 'invited', tokens: new Set([tokenHash(second)]), revoked: new Set([tokenHash(first)]) })
    expect(said(desk.offer(alice, 2, { token: first }))).toContain('not-allowed')
    expect(said(desk.offer(alice, 1, { token: first }))).toContain('not-allowed')
    expect(said(desk.take({ type: 'frame', laneId: alice, frame: { type: 'ask-status', swarmId: swarm(1) } }))).toEqual(
      ['coming']
    )
    expect(said(desk.offer(desk.open('bob'), 2, { token: second }))).toContain('accepted')
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
    const before = desk.keeper.promised
    expect(said(desk.offer(desk.open('bob'), 1, { owner: ownerOf(ownerKey(2)) }))).toContain('accepted')
    expect(desk.keeper.promised).toEqual(before)
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
    desk.arrived(1)
    desk.offer(desk.open('alice'), 2)
    const again = new Desk({}, desk).restore(desk.nowMs + keepTermMsMax - 1)
    expect(again.begun).toEqual([swarm(2)]) // what is whole need not come
    again.arrived(2)
    expect(again.ended).toEqual([])
    again.nowMs += 1
    expect(again.keeper.wakeAtMs()).toBeLessThanOrEqual(again.nowMs)
    again.take({ type: 'wake' })
    expect(again.ended.toSorted()).toEqual([swarm(1), swarm(2)])
    expect(again.keeper.promised).toEqual({ copies: 0, bytes: 0 })
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
    desk.arrived(2)
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

  it('[KE9] says that it let go when that is durable', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    for (const n of [1, 2]) desk.offer(alice, 1, { owner: ownerOf(ownerKey(n)) })
    for (const n of [1, 2]) {
      const frame = { type: 'release', swarmId: swarm(1), ownerKey: ownerKey(n) } as const
      const effects = desk.keeper.handle(desk.nowMs, { type: 'frame', laneId: alice, frame })
      expect(effects).toMatchObject([{ type: n === 1 ? 'update' : 'end', laneId: alice }])
      expect(said(desk.take({ type: 'let-go', laneId: alice, swarmId: swarm(1) }))).toEqual(['none'])
    }
  })
})

describe('what a keeper tells', () => {
  it('[KE14] no receipt of what ended while it was signed', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    const signed = { type: 'signed', laneId: alice, swarmId: swarm(1), receipt: new Uint8Array(9) } as const
    expect(said(desk.take(signed))).toEqual(['accepted'])
    desk.keeper.handle(desk.nowMs + keepStallMs, { type: 'wake' })
    expect(desk.take(signed)).toEqual([])
  })

  it('[KE10] that a copy is gone, once it is', () => {
    const desk = new Desk()
    const alice = desk.open('alice')
    desk.offer(alice, 1)
    const effects = desk.keeper.handle(desk.nowMs + keepStallMs, { type: 'wake' }) // nothing of it came
    expect(effects).toMatchObject([{ type: 'end', followers: [alice] }])
    expect(said(desk.take({ type: 'let-go', laneId: alice, swarmId: swarm(1) }))).toEqual(['none'])
  })

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
    expect(said(desk.arrived(1))).toEqual(['held'])
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

describe('what a keeper has in memory', () => {
  /** All that alice offered is whole, and she has gone. */
  function restingDesk(count: number): Desk {
    const desk = new Desk()
    const alice = desk.open('alice')
    for (let n = 1; n <= count; n++) desk.offer(alice, n)
    for (let n = 1; n <= count; n++) desk.arrived(n)
    expect(desk.keeper.has(swarm(1))).toBe(true)
    desk.take({ type: 'closed', laneId: alice })
    return desk
  }

  it('[KE24] a copy leaves memory when it is whole and nobody asks about it, and counts on', () => {
    const desk = restingDesk(3)
    for (const n of [1, 2, 3]) expect(desk.keeper.has(swarm(n))).toBe(false)
    expect(desk.keeper.promised).toEqual({ copies: 3, bytes: 3 * MiB })
    expect(said(desk.offer(desk.open('alice'), 4, { sizeBytes: 50 * MiB }))).toContain('accepted')
    expect(said(desk.offer(desk.open('alice'), 5, { sizeBytes: 8 * MiB }))).toEqual(['full']) // of its own
    expect(said(desk.offer(desk.open('bob'), 5, { sizeBytes: 48 * MiB }))).toEqual(['full']) // of all
  })

  it('[KE24] [KE5] what is out of memory is told of, renewed and let go as if it were in it', () => {
    const desk = restingDesk(2)
    const bob = desk.open('bob')
    expect(said(desk.say(bob, { type: 'ask-status', swarmId: swarm(1) }))).toEqual(['held'])
    desk.nowMs += 1000
    expect(said(desk.offer(bob, 1, { owner: ownerOf(ownerKey(2)) }))).toEqual(['accepted', 'held'])
    expect(desk.disk.get(swarm(1))).toMatchObject({ untilMs: desk.nowMs + keepTermMsMax, peerId: 'alice' })
    expect(said(desk.offer(bob, 2, { swarmKey: seededBytes(77, 32) }))).toEqual(['not-allowed'])
    expect(desk.keeper.promised.copies).toBe(2)
    const release = (n: number, key: number) =>
      said(desk.say(bob, { type: 'release', swarmId: swarm(n), ownerKey: ownerKey(key) }))
    expect(release(1, 1)).toEqual(['none'])
    expect(desk.disk.get(swarm(1))!.owners).toHaveLength(1)
    expect(release(2, 9)).toEqual(['none'])
    expect(desk.ended).toEqual([])
    expect(release(1, 2)).toEqual(['none'])
    expect(desk.ended).toEqual([swarm(1)])
    desk.take({ type: 'closed', laneId: bob })
    expect(desk.begun).toHaveLength(2) // nothing is fetched again
  })

  it('[KE24] [KE9] whoever lets go while another does so lets go of what is left by then', () => {
    const desk = restingDesk(1)
    const [alice, bob] = [desk.open('alice'), desk.open('bob')]
    desk.offer(bob, 1, { owner: ownerOf(ownerKey(2)) })
    desk.take({ type: 'closed', laneId: bob })
    const carol = desk.open('carol')
    const kept = desk.disk.get(swarm(1))!
    expect(kept.owners).toHaveLength(2)
    const { keeper, nowMs } = desk
    const release = (laneId: LaneId, n: number) => {
      const frame = { type: 'release', swarmId: swarm(1), ownerKey: ownerKey(n) } as const
      return keeper.handle(nowMs, { type: 'frame', laneId, frame })
    }
    for (const [laneId, n] of [
      [alice, 1],
      [carol, 2]
    ] as const)
      expect(release(laneId, n)).toMatchObject([{ type: 'look', laneId }])
    const found = (laneId: LaneId, owners = kept.owners) =>
      keeper.handle(nowMs, {
        type: 'found',
        laneId,
        swarmId: swarm(1),
        whole: { kept: { ...kept, owners }, heldBytes: MiB },
        theirs: { copies: 0, bytes: 0 },
        leftBytes: 0
      })
    expect(found(alice)).toMatchObject([{ type: 'update' }, { type: 'rest' }])
    expect(found(carol)).toMatchObject([{ type: 'look', laneId: carol }]) // what it found was of before
    expect(found(carol, kept.owners.slice(1))).toMatchObject([{ type: 'end', laneId: carol }])
  })

  it('[KE24] [KE11] requests of one lane are answered in their order, also while the catalog is asked', () => {
    const { keeper, nowMs, disk } = restingDesk(1)
    const laneId = 77 as LaneId
    const take = (input: KeeperInput) => keeper.handle(nowMs, input)
    take({ type: 'opened', laneId, peerId: 'bob' as PeerId })
    const ask = (n: number) => take({ type: 'frame', laneId, frame: { type: 'ask-status', swarmId: swarm(n) } })
    expect(ask(1).map(({ type }) => type)).toEqual(['look'])
    expect(ask(9)).toEqual([])
    const kept = disk.get(swarm(1))!
    const theirs = { copies: 0, bytes: 0 }
    const found = take({
      type: 'found',
      laneId,
      swarmId: swarm(1),
      whole: { kept, heldBytes: MiB },
      theirs,
      leftBytes: 0
    })
    expect(said(found)).toEqual(['held'])
    expect(found.at(-1)).toMatchObject({ type: 'look', swarmId: swarm(9) })
    expect(said(take({ type: 'look-failed', laneId }))).toEqual(['closed'])
    expect(keeper.has(swarm(1))).toBe(false)
  })

  it('[KE2] bounds how many are coming, and how many there are', () => {
    const desk = new Desk({ bytesMax: Infinity })
    const lanes = Array.from({ length: keepComingMax / keepPeerSetsMax }, (_, i) => desk.open(`peer ${i}`))
    for (let n = 0; n < keepComingMax; n++) desk.offer(lanes[Math.floor(n / keepPeerSetsMax)]!, n, { sizeBytes: 1 })
    const late = desk.open('late')
    expect(said(desk.offer(late, keepComingMax, { sizeBytes: 1 }))).toEqual(['full'])
    desk.arrived(0)
    expect(said(desk.offer(late, keepComingMax, { sizeBytes: 1 }))).toContain('accepted')
    const full = new Desk({ bytesMax: Infinity })
    full.take({ type: 'restored', totals: { copies: keepSetsMax - 1, bytes: 0 }, coming: [] })
    const bob = full.open('bob')
    expect(said(full.offer(bob, 1))).toContain('accepted')
    expect(said(full.offer(bob, 2))).toEqual(['full'])
  })
})
