// Long: one list of whom to dial and of what a peer may do wrong.
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, it } from 'vitest'
import { manifestCidOf } from '../../src/core/block/cid.ts'
import { groupIndex, type LaneId, type PeerId } from '../../src/core/ids.ts'
import {
  banMs,
  dialMoreMs,
  helloTimeoutMs,
  holdingsToldMax,
  peersDialledMax,
  peersTellMs,
  peersToldMax,
  peersTradedMax,
  queuedGroupsMax,
  slowLookMs,
  stallTimeoutMs
} from '../../src/core/limits.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import { BadManifest } from '../../src/core/manifest/manifest.ts'
import { contentOf } from '../support/swarm-content.ts'
import { byes, meet, pair, range } from '../support/swarm-pair.ts'
import { World } from '../support/swarm-world.ts'

const flipped = (bytes: Uint8Array): Uint8Array => {
  const copy = bytes.slice()
  copy[5]! ^= 1
  return copy
}

describe('swarm: whom to dial', () => {
  it('[SW10] one that few connect to dials more of those that trade with it, and no more of those that only give', () => {
    const dialled = (has: 'everything' | number[]) => {
      const world = new World(contentOf(40))
      const names = Array.from({ length: 30 }, (_, i) => `peer${i}`)
      for (const name of names) world.node(name, { has, isReluctant: true })
      const taker = world.node('taker', { isReluctant: true })
      meet(taker, ...names)
      world.pass(dialMoreMs / 2)
      const atOnce = taker.did('connect').length
      world.pass(30 * dialMoreMs)
      return [atOnce, taker.did('connect').length]
    }
    expect(dialled([1, 2, 3])).toEqual([peersDialledMax, peersTradedMax])
    expect(dialled('everything')).toEqual([peersDialledMax, peersDialledMax])
  })
})

describe('swarm: in which order', () => {
  it('[SW10] those that lack nothing are dialled first, and of the others it is said that they look for peers too', () => {
    const world = new World(contentOf(4))
    const taker = world.node('taker', { isReluctant: true })
    const record = new Uint8Array([1])
    const peers = [
      { peerId: 'seeking' as PeerId, record, holder: false },
      { peerId: 'holding' as PeerId, record, holder: true },
      { peerId: 'unknown' as PeerId, record }
    ]
    taker.turn({ type: 'peers', peers })
    expect(taker.did('connect').map(({ peerId, seeks, canWait }) => [peerId, seeks, canWait])).toEqual([
      ['holding', false, false],
      ['unknown', false, false],
      ['seeking', true, true]
    ])
  })

  it('[SW10] one that lacks blocks is waited for only while somebody is known who lacks nothing', () => {
    const world = new World(contentOf(4))
    const taker = world.node('taker', { isReluctant: true })
    const record = new Uint8Array([1])
    taker.turn({ type: 'peers', peers: [{ peerId: 'seeking' as PeerId, record, holder: false }] })
    taker.turn({ type: 'peers', peers: [{ peerId: 'gone' as PeerId, record, holder: true }] })
    taker.turn({ type: 'connect-failed', peerId: 'gone' as PeerId })
    taker.turn({ type: 'peers', peers: [{ peerId: 'late' as PeerId, record, holder: false }] })
    taker.turn({ type: 'peers', peers: [{ peerId: 'holding' as PeerId, record, holder: true }] })
    taker.turn({ type: 'peers', peers: [{ peerId: 'last' as PeerId, record, holder: false }] })
    expect(taker.did('connect').map(({ peerId, canWait }) => [peerId, canWait])).toEqual([
      ['seeking', false],
      ['gone', false],
      ['late', false],
      ['holding', false],
      ['last', true]
    ])
  })
})

describe('swarm: places that others hold', () => {
  const refusing = (frame: KnownFrame): KnownFrame =>
    frame.type === 'blocks'
      ? { type: 'refuse', code: 'busy', ranges: [{ start: frame.start, count: frame.blocks.length }] }
      : frame
  const names = (count: number) => Array.from({ length: count }, (_, i) => `bad${i}`)

  it.each<[string, number, 'everything' | 'nothing' | number[]]>([
    ['eight that hold everything and are busy', peersDialledMax, 'everything'],
    ['sixteen that hold a part and are busy', peersTradedMax, [1, 2, 3]],
    ['sixteen that hold nothing', peersTradedMax, 'nothing']
  ])('[SW10] %s for ever do not keep it from one that gives', (_, count, has) => {
    const world = new World(contentOf(40))
    for (const name of names(count)) world.node(name, { has, isReluctant: true, sends: refusing })
    world.node('holder', { has: 'everything' })
    const taker = world.node('taker')
    meet(taker, ...names(count))
    world.pass(30 * dialMoreMs)
    expect(taker.swarm.sessions()).toHaveLength(count)
    meet(taker, 'holder')
    world.until(() => taker.isComplete, stallTimeoutMs + 2 * dialMoreMs)
    expect(taker.did('connect')).toHaveLength(count + 1)
  })

  it.each<[string, number]>([
    ['eight', peersDialledMax],
    ['a dozen', 12]
  ])('[SW10] %s that give little by little do not keep it from one that gives', (_, count) => {
    const world = new World(contentOf(1_000, { blockBytes: 65_536 }))
    const taker = world.node('taker')
    for (const name of names(count)) {
      const dripping = world.node(name, { has: 'everything', isReluctant: true, pace: 20 })
      world.connect(dripping, taker)
    }
    world.pass(5_000)
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.did('connect').length > 0, 2 * slowLookMs)
    world.until(() => taker.isComplete, 60_000)
  })

  it('[SW10] where all give little and one more brings nothing, others are tried ever more seldom', () => {
    const world = new World(contentOf(1_000, { blockBytes: 65_536 }))
    const own = { freeAtMs: 0 }
    const all = names(40)
    for (const name of all) world.node(name, { has: 'everything', isReluctant: true, line: own, pace: 100 })
    const taker = world.node('taker')
    meet(taker, ...all)
    world.pass(10 * slowLookMs)
    expect(taker.isComplete).toBe(false)
    expect(taker.did('connect').length).toBeGreaterThan(peersDialledMax)
    expect(taker.did('connect').length).toBeLessThan(peersDialledMax + 6)
  })

  it('[SW10] who asks for nothing tries no more', () => {
    const world = new World(contentOf(40))
    const all = names(20)
    for (const name of all) world.node(name, { has: 'everything', isReluctant: true })
    const taker = world.node('taker', { isReluctant: true })
    meet(taker, ...all)
    world.pass(10 * slowLookMs)
    expect(taker.did('connect')).toHaveLength(peersDialledMax)
  })

  it('[SW10] one that was not tried comes before those that could not be reached, which have another turn', () => {
    const world = new World(contentOf(40))
    const taker = world.node('taker', { dialMs: (to) => (to === 'holder' ? 10 : 60_000) })
    meet(taker, ...names(16))
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 125_000)
    expect(taker.did('connect')[16]!.peerId).toBe('holder')
  })

  it('[SW10] who is invented by peers does not keep it from whom a tracker tells of', () => {
    const world = new World(contentOf(40))
    const record = Uint8Array.of(1)
    const taker = world.node('taker', { dialMs: (to) => (to === 'holder' ? 10 : 20_000) })
    const liar = world.node('liar', { has: 'nothing', isReluctant: true })
    const [lane] = world.connect(liar, taker)
    world.pass(100)
    let invented = 0
    const invent = () => {
      const peers = Array.from({ length: peersToldMax }, () => ({ peerId: `bad${invented++}` as PeerId, record }))
      liar.say(lane, { type: 'peers', peers })
      world.after(peersTellMs / 2, invent)
    }
    invent()
    world.pass(30_000)
    meet(taker, 'holder') // it is not there yet
    world.pass(30_000)
    expect(taker.did('connect').filter(({ peerId }) => peerId === 'holder').length).toBeGreaterThan(0)
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete, 60_000)
  })
})

describe('swarm: liars', () => {
  it('[SW5] [EX13] a tampered block is never stored, its sender is dropped, and another one is asked', () => {
    const world = new World(contentOf(700))
    const lie = (frame: KnownFrame): KnownFrame =>
      frame.type === 'blocks' && frame.start > 300 ? { ...frame, blocks: frame.blocks.map(flipped) } : frame
    const liar = world.node('liar', { has: 'everything', sends: lie })
    const taker = world.node('taker')
    meet(taker, 'liar')
    world.until(() => taker.codes().length > 0)
    expect(taker.codes()).toEqual(['bad-block'])
    expect(byes(taker)).toEqual(['bad-block'])
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder', 'liar')
    world.until(() => taker.isComplete)
    for (const [index, bytes] of taker.disk) expect(bytes).toEqual(world.content.blocks[index])
    expect(taker.did('connect').filter(({ peerId }) => peerId === 'liar')).toHaveLength(1)
    const before = liar.received('bye').length
    world.connect(liar, taker)
    world.pass(1_000)
    expect(
      liar
        .received('bye')
        .slice(before)
        .map(({ code }) => code)
    ).toEqual(['too-many'])
    expect(taker.swarm.sessions().map((view) => view.peerId)).toEqual(['holder'])
  })

  it('[SW5] one that leaves before its lie is found is dropped all the same, until its time is over', () => {
    const world = new World(contentOf(30))
    world.node('liar', {
      has: 'everything',
      sends: (frame) => (frame.type === 'blocks' ? { ...frame, blocks: frame.blocks.map(flipped) } : frame)
    })
    const taker = world.node('taker')
    meet(taker, 'liar')
    world.until(() => taker.did('hash').length > 0)
    for (const { laneId } of taker.swarm.sessions()) taker.turn({ type: 'lane-closed', laneId })
    world.until(() => taker.codes().length > 0)
    expect(taker.codes()).toEqual(['bad-block'])
    world.pass(banMs - 10_000)
    meet(taker, 'liar')
    expect(taker.did('connect')).toHaveLength(1)
    world.pass(20_000)
    expect(taker.did('connect')).toHaveLength(2)
  })

  it('[SW2] hashes of another tree end the session', () => {
    const world = new World(contentOf(600))
    const other = contentOf(600, { seed: 9 })
    world.node('liar', {
      has: 'everything',
      sends: (frame) => (frame.type === 'hashes' ? { ...frame, hashes: other.groups[frame.group]! } : frame)
    })
    const taker = world.node('taker')
    meet(taker, 'liar')
    world.until(() => taker.codes().length > 0)
    expect(taker.codes()).toEqual(['bad-hash-group'])
    expect(taker.groups.size).toBe(0)
  })

  it('[EX6] another manifest is refused and the right one still taken from others', () => {
    const world = new World(contentOf(50))
    const other = contentOf(50, { seed: 9 }).manifest
    world.node('liar', {
      has: 'everything',
      sends: (frame) => (frame.type === 'state' ? { ...frame, manifest: other } : frame)
    })
    const taker = world.node('taker')
    meet(taker, 'liar')
    world.until(() => taker.codes().length > 0)
    expect(taker.codes()).toEqual(['wrong-manifest'])
    expect(taker.swarm.manifest).toBeUndefined()
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.until(() => taker.isComplete)
  })

  it.each([
    ['no key', undefined],
    ['another key', new Uint8Array(32).fill(1)]
  ])('[EX5] whoever has %s learns nothing of the data set, from either side', (_, swarmKey) => {
    const world = new World(contentOf(10))
    const holder = world.node('holder', { has: 'everything', swarmKey: new Uint8Array(32).fill(7) })
    const stranger = world.node('stranger', { swarmKey })
    world.connect(stranger, holder)
    world.pass(1_000)
    expect(byes(holder)).toEqual(['bad-proof'])
    expect(holder.codes()).toEqual(['bad-proof'])
    expect(holder.sent('state')).toHaveLength(0)

    const second = world.node('second', { swarmKey })
    world.connect(holder, second)
    world.pass(1_000)
    expect(holder.sent('state')).toHaveLength(0)
    expect(holder.swarm.sessions()).toHaveLength(0)
  })

  it('[EX5] a proof is of no use to whoever it was shown to', () => {
    const world = new World(contentOf(10))
    const swarmKey = new Uint8Array(32).fill(7)
    const holder = world.node('holder', { has: 'everything', swarmKey })
    const thief = world.node('thief')
    const [, heard] = world.connect(holder, thief)
    world.pass(100)
    const { proof } = thief.received('hello')[0]!
    thief.say(heard, { type: 'welcome', role: 'tab', proof }) // sent back to whom it is from
    world.pass(100)
    expect(holder.codes()).toEqual(['bad-proof'])
  })

  it.each<[string, string, KnownFrame]>([
    ['a want', 'beyond-end', { type: 'want', ranges: [range(99, 2)] }],
    ['a want of billions', 'beyond-end', { type: 'want', ranges: [range(0, 4_000_000_000)] }],
    ['a have', 'beyond-end', { type: 'have', ranges: [range(90, 11)] }],
    ['a gone', 'beyond-end', { type: 'gone', ranges: [range(1_000_000, 1)] }],
    ['a group', 'beyond-end', { type: 'want-hashes', group: groupIndex(1) }],
    ['blocks that were not asked for', 'bad-frame', { type: 'blocks', start: 0, blocks: [new Uint8Array(1024)] }],
    ['blocks of another size', 'bad-frame', { type: 'blocks', start: 0, blocks: [new Uint8Array(1000)] }],
    [
      'a refusal of what was not asked',
      'bad-frame',
      { type: 'refuse', code: 'busy', ranges: [range(0, 4_000_000_000)] }
    ],
    [
      'hashes that were not asked for',
      'bad-frame',
      { type: 'hashes', group: groupIndex(0), hashes: contentOf(1).groups[0]! }
    ],
    ['a greeting in the middle', 'bad-frame', { type: 'welcome', role: 'tab' }]
  ])('[EX10] [EX12] %s past the end, or out of place, ends the session: %s', (_, code, frame) => {
    const { world, holder, taker, takerLane } = pair()
    taker.say(takerLane, frame)
    world.pass(1_000)
    expect(holder.codes()).toEqual([code])
    expect(holder.swarm.sessions()).toHaveLength(0)
    expect(byes(holder)).toEqual(['protocol'])
  })

  it('[EX3] [EX13] bytes that are no frame end the session, and their sender is left alone', () => {
    const { world, holder, taker, takerLane } = pair()
    taker.say(takerLane, { type: 'have', ranges: [range(5, 1), range(1, 1)] })
    world.pass(1_000)
    expect(holder.codes()).toEqual(['bad-frame'])
    expect(byes(holder)).toEqual(['protocol'])
    world.connect(taker, holder)
    world.pass(1_000)
    expect(holder.swarm.sessions()).toHaveLength(0)
    expect(byes(holder)).toEqual(['protocol', 'too-many'])
  })

  it.each<[string, (i: number) => KnownFrame]>([
    ['the same', () => ({ type: 'have', ranges: [range(0, 1000)] })],
    ['one thing and its contrary', (i) => ({ type: i % 2 === 0 ? 'have' : 'gone', ranges: [range(0, 1000)] })],
    [
      'everything and then less',
      (i) =>
        i % 2 === 0
          ? { type: 'state', serving: true, complete: true, ranges: [] }
          : { type: 'gone', ranges: [range(0, 1)] }
    ]
  ])('[EX17] one that says %s over and over ends the session', (_, frame) => {
    const { world, holder, taker, takerLane } = pair(1000)
    const say = (from: number, to: number) => {
      for (let i = from; i < to; i++) taker.say(takerLane, frame(i))
      world.pass(1_000)
    }
    say(0, holdingsToldMax)
    expect(holder.codes()).toEqual([])
    say(holdingsToldMax, 2 * holdingsToldMax + 2)
    expect(holder.codes()).toEqual(['bad-frame'])
  })

  it('[EX14] more hash groups than may be asked end the session', () => {
    const { world, holder, taker, takerLane } = pair()
    for (let i = 0; i <= queuedGroupsMax; i++) {
      holder.swarm.handle(world.nowMs, {
        type: 'frame',
        laneId: (takerLane + 1) as LaneId,
        frame: { type: 'want-hashes', group: groupIndex(0) }
      })
    }
    expect(holder.swarm.sessions()).toHaveLength(0)
    expect(taker.codes()).toEqual([])
  })

  it('[EX9] [SW11] one that never greets is closed in time', () => {
    const world = new World(contentOf(10))
    const holder = world.node('holder', { has: 'everything' })
    const mute = world.node('mute', { sends: () => undefined })
    world.connect(mute, holder)
    world.pass(helloTimeoutMs - 1_000)
    expect(byes(holder)).toEqual([])
    world.pass(2_000)
    expect(byes(holder)).toEqual(['stalled'])
  })

  it('[EX13] a bye is answered by closing alone', () => {
    const { world, holder, taker, takerLane } = pair()
    taker.say(takerLane, { type: 'bye', code: 'leaving' })
    world.pass(1_000)
    expect(byes(holder)).toEqual([])
    expect(holder.codes()).toEqual([])
    expect(holder.swarm.sessions()).toHaveLength(0)
  })

  it('[SW1] [KE8] a manifest for which there is no room stops the machine before anything is allotted for it', () => {
    const world = new World(contentOf(40))
    const noRoom = new BadManifest('there is no room')
    const seen: number[] = []
    const taker = world.node('taker', {
      accepts({ blockCount }) {
        seen.push(blockCount)
        throw noRoom
      }
    })
    world.node('holder', { has: 'everything' })
    meet(taker, 'holder')
    world.pass(1_000)
    expect(seen).toEqual([40])
    expect(taker.did('unusable')).toEqual([{ type: 'unusable', error: noRoom }])
    expect(taker.swarm.manifest).toBeUndefined()
    expect(taker.swarm.held).toBeUndefined()
    expect(taker.codes()).toEqual([])
  })

  it('[SW1] a manifest that cannot be used is nobody’s fault and stops the machine', () => {
    const junk = { ...contentOf(4), manifest: Uint8Array.of(9, 9, 9) }
    const world = new World({ ...junk, cid: manifestCidOf(sha256(junk.manifest)) })
    const taker = world.node('taker')
    const friend = world.node('friend', {
      sends: (frame) => (frame.type === 'state' ? { ...frame, manifest: junk.manifest } : frame)
    })
    world.connect(taker, friend)
    world.pass(1_000)
    expect(taker.did('unusable')).toMatchObject([{ error: { code: 'bad-manifest' } }])
    expect(taker.codes()).toEqual([])
    expect(taker.swarm.wakeAtMs()).toBe(Infinity)
  })
})
