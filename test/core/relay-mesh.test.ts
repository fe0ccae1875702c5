import { describe, expect, it } from 'vitest'
import type { LaneId, PeerId, SwarmId } from '../../src/core/ids.ts'
import {
  announceTtlMs,
  heardPeersMax,
  lonelyPausesMs,
  lookUpAgainMs,
  lookUpBurst,
  lookUpsAtOnceMax,
  lookUpsPerSecond,
  provideAgainMs,
  providesAtOnceMax,
  relayBurst,
  relayLanesMax,
  relayRestMs,
  relaysPerSwarmMax,
  trackerSweepMs
} from '../../src/core/limits.ts'
import { keepersSwarmId } from '../../src/core/keep/swarm.ts'
import { RelayMesh } from '../../src/core/relays/mesh.ts'
import type { MeshEffect, MeshInput } from '../../src/core/relays/types.ts'
import type { TrackedPeer } from '../../src/core/tracker/types.ts'

const swarmId = 'ab'.repeat(32) as SwarmId
const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId
const own = 'own' as PeerId
const other = 'other' as PeerId
const tab = 1 as LaneId
const valid = Uint8Array.of(1)
const peer = (name: string, more: Partial<TrackedPeer> = {}): TrackedPeer => ({
  peerId: name as PeerId,
  role: 'tab',
  holder: false,
  record: valid,
  ...more
})
const asking = { type: 'announce', role: 'program', holder: false, watch: true, ttlMs: announceTtlMs } as const

/** A mesh, and what it wants done, kind by kind. */
class Relay {
  nowMs = 0
  readonly mesh = new RelayMesh(own, (_, [first]) => first === 1)

  do(input: MeshInput): MeshEffect[] {
    return this.mesh.handle(this.nowMs, input)
  }

  /** Serves the swarm and asks this relay about it. */
  meet(relay = other, about = swarmId): MeshEffect[] {
    this.do({ type: 'served', swarmId: about })
    this.do({ type: 'found', swarmId: about, relays: [relay] })
    return this.do({ type: 'opened', relay })
  }

  hear(peers: readonly TrackedPeer[], relay = other, about = swarmId): MeshEffect[] {
    return this.do({ type: 'frame', relay, frame: { type: 'peers', swarmId: about, peers } })
  }

  /** What a newcomer is told. */
  known(about = swarmId): string[] {
    const told = this.do({ type: 'watched', swarmId: about, laneId: tab })
    return told.flatMap((effect) => (effect.type === 'tell' ? effect.peers.map(({ peerId }) => peerId) : []))
  }

  /** Time passes, with all that is due on the way. */
  pass(ms: number): MeshEffect[] {
    const effects: MeshEffect[] = []
    const endMs = this.nowMs + ms
    while (this.mesh.wakeAtMs() <= endMs) {
      this.nowMs = Math.max(this.nowMs + 1, this.mesh.wakeAtMs())
      effects.push(...this.do({ type: 'wake' }))
    }
    this.nowMs = endMs
    return effects
  }
}

const ofType = (effects: MeshEffect[], type: MeshEffect['type']) => effects.filter((effect) => effect.type === type)

describe('a relay among others', () => {
  it('[RN1] looks for the others of a swarm and tells that it is one, at once, and again', () => {
    const relay = new Relay()
    expect(relay.do({ type: 'served', swarmId })).toEqual([
      { type: 'look-up', swarmId },
      { type: 'provide', swarmId }
    ])
    relay.do({ type: 'looked-up', swarmId })
    relay.do({ type: 'found', swarmId, relays: [other] })
    relay.do({ type: 'provided', swarmId })
    expect(ofType(relay.pass(provideAgainMs - trackerSweepMs), 'provide')).toEqual([])
    expect(ofType(relay.pass(3 * trackerSweepMs), 'provide')).toEqual([{ type: 'provide', swarmId }])
  })

  it('[RN1] tells everything again once there are other relays', () => {
    const relay = new Relay()
    relay.do({ type: 'served', swarmId })
    relay.do({ type: 'looked-up', swarmId })
    relay.do({ type: 'provided', swarmId })
    expect(relay.do({ type: 'joined' })).toEqual([
      { type: 'look-up', swarmId },
      { type: 'provide', swarmId }
    ])
  })

  it('[RN1] forgets a swarm with its last peer, and tells those whom it asked', () => {
    const relay = new Relay()
    relay.meet()
    relay.hear([peer('holder')])
    expect(relay.do({ type: 'ended', swarmId })).toEqual([
      { type: 'send', relay: other, frame: { type: 'leave', swarmId } },
      { type: 'withdraw', swarmId }
    ])
    expect(relay.mesh.load.peers).toBe(0)
    expect(ofType(relay.pass(2 * trackerSweepMs), 'close')).toEqual([{ type: 'close', relay: other }])
    expect(relay.mesh.wakeAtMs()).toBe(Infinity)
  })

  it('[RN3] looks again and again when it is known itself, until somebody is found', () => {
    const relay = new Relay()
    relay.do({ type: 'served', swarmId })
    relay.do({ type: 'looked-up', swarmId })
    expect(relay.do({ type: 'provided', swarmId })).toEqual([])
    const looks = (ms: number) => {
      const count = ofType(relay.pass(ms), 'look-up').length
      relay.do({ type: 'looked-up', swarmId })
      return count
    }
    expect(lonelyPausesMs.map((ms) => [looks(ms - 1), looks(1)])).toEqual(lonelyPausesMs.map(() => [0, 1]))
    const found = new Relay()
    found.do({ type: 'served', swarmId })
    found.do({ type: 'looked-up', swarmId })
    found.do({ type: 'provided', swarmId })
    found.do({ type: 'found', swarmId, relays: [other] })
    expect(ofType(found.pass(2 * lonelyPausesMs[0]), 'look-up')).toEqual([])
  })

  it('[RN3] does not look again for a swarm that is gone, and begins anew when it is back', () => {
    const relay = new Relay()
    const come = () => {
      relay.do({ type: 'served', swarmId })
      relay.do({ type: 'looked-up', swarmId })
      relay.do({ type: 'provided', swarmId })
    }
    come()
    relay.pass(lonelyPausesMs[0] / 2)
    relay.do({ type: 'ended', swarmId })
    expect(relay.pass(lonelyPausesMs[1])).toEqual([])
    come()
    expect(ofType(relay.pass(lonelyPausesMs[0]), 'look-up')).toHaveLength(1)
  })

  it('[RN4] tells a newcomer what it knows, holders first, and looks again after a while', () => {
    const relay = new Relay()
    relay.meet()
    relay.do({ type: 'looked-up', swarmId })
    relay.hear([peer('trader'), peer('holder', { holder: true })])
    expect(relay.do({ type: 'watched', swarmId, laneId: tab })).toEqual([
      { type: 'tell', swarmId, peers: [peer('holder', { holder: true }), peer('trader')], laneId: tab }
    ])
    relay.nowMs += lookUpAgainMs
    expect(ofType(relay.do({ type: 'watched', swarmId, laneId: tab }), 'look-up')).toHaveLength(1)
  })

  it('[RN5] asks those that are found, each once, over one lane, and not itself', () => {
    const relay = new Relay()
    relay.do({ type: 'served', swarmId })
    relay.do({ type: 'served', swarmId: swarm(2) })
    expect(relay.do({ type: 'found', swarmId, relays: [own, other, other] })).toEqual([{ type: 'open', relay: other }])
    expect(relay.do({ type: 'asked', swarmId: swarm(2), relay: other })).toEqual([])
    expect(ofType(relay.do({ type: 'opened', relay: other }), 'send')).toEqual([
      { type: 'send', relay: other, frame: { ...asking, swarmId } },
      { type: 'send', relay: other, frame: { ...asking, swarmId: swarm(2) } }
    ])
    expect(relay.do({ type: 'found', swarmId, relays: [other] })).toEqual([])
    expect(ofType(relay.pass(announceTtlMs / 2 + trackerSweepMs), 'send')).toHaveLength(2)
  })

  it('[RN5] asks eight about one swarm', () => {
    const relay = new Relay()
    relay.do({ type: 'served', swarmId })
    const relays = Array.from({ length: 20 }, (_, n) => `relay ${n}` as PeerId)
    expect(ofType(relay.do({ type: 'found', swarmId, relays }), 'open')).toHaveLength(relaysPerSwarmMax)
  })

  it('[RN6] leaves a relay that names somebody who did not sign', () => {
    const relay = new Relay()
    relay.meet()
    relay.hear([peer('honest')])
    const forged = peer('forged', { record: Uint8Array.of(0) })
    const effects = relay.hear([peer('second'), forged])
    expect(effects).toContainEqual({ type: 'close', relay: other })
    expect(ofType(effects, 'tell')).toEqual([])
    expect(relay.known()).toEqual([])
  })

  it('[RN6] what was not asked for is passed over', () => {
    const relay = new Relay()
    relay.meet()
    expect(relay.hear([peer('stray')], other, swarm(2))).toEqual([])
    expect(relay.hear([peer('stray')], 'stranger' as PeerId)).toEqual([])
    expect(relay.mesh.load.peers).toBe(0)
  })

  it('[RN6] an answer takes the place of the one before; news are added', () => {
    const relay = new Relay()
    relay.meet()
    relay.hear([peer('one'), peer('two')])
    relay.hear([peer('news')])
    expect(relay.known().sort()).toEqual(['news', 'one', 'two'])
    relay.pass(announceTtlMs / 2 + trackerSweepMs)
    relay.hear([peer('two')])
    expect(relay.known()).toEqual(['two'])
  })

  it('[RN6] remembers so many of a swarm, and not for ever', () => {
    const relay = new Relay()
    relay.meet()
    for (let n = 0; n < 2 * heardPeersMax; n++) relay.hear([peer(`peer ${n}`)])
    expect(relay.mesh.load.peers).toBe(heardPeersMax)
    relay.nowMs += announceTtlMs
    expect(relay.known()).toEqual([])
  })

  it('[RN7] forgets what a relay said that is gone, looks for others, and rests', () => {
    const relay = new Relay()
    relay.meet()
    relay.do({ type: 'looked-up', swarmId })
    relay.hear([peer('lost')])
    expect(relay.do({ type: 'closed', relay: other })).toEqual([{ type: 'look-up', swarmId }])
    expect(relay.known()).toEqual([])
    expect(relay.do({ type: 'found', swarmId, relays: [other] })).toEqual([])
    relay.nowMs += relayRestMs
    expect(relay.do({ type: 'found', swarmId, relays: [other] })).toEqual([{ type: 'open', relay: other }])
  })

  it('[RN8] so much is done at a time and each second; the rest waits, each once', () => {
    const relay = new Relay()
    const begun: MeshEffect[] = []
    const take = (effects: MeshEffect[]) => begun.push(...ofType(effects, 'look-up'))
    for (let n = 0; n < 1000; n++) take(relay.do({ type: 'served', swarmId: swarm(n) }))
    expect(begun).toHaveLength(lookUpsAtOnceMax)
    expect(relay.mesh.load.waiting).toBe(2000 - lookUpsAtOnceMax - providesAtOnceMax)
    for (const effect of begun) {
      if (effect.type === 'look-up') take(relay.do({ type: 'looked-up', swarmId: effect.swarmId }))
    }
    expect(begun).toHaveLength(lookUpBurst)
    take(relay.pass(500))
    expect(begun.length - lookUpBurst).toBeLessThanOrEqual(lookUpsPerSecond / 2)
    expect(begun.length - lookUpBurst).toBeGreaterThan(lookUpsPerSecond / 3)
  })

  it('[RN8] asks so many relays at a time', () => {
    const relay = new Relay()
    for (let n = 0; n < relayLanesMax; n++) relay.meet(`relay ${n}` as PeerId, swarm(n))
    relay.do({ type: 'served', swarmId })
    expect(ofType(relay.do({ type: 'found', swarmId, relays: [other] }), 'open')).toEqual([])
    expect(relay.mesh.load.relays).toBe(relayLanesMax)
  })

  it('[RN8] leaves a relay that says too much, or what only its other side says', () => {
    const relay = new Relay()
    relay.meet()
    for (let n = 0; n < relayBurst; n++) relay.hear([])
    expect(relay.hear([])).toContainEqual({ type: 'close', relay: other })
    const second = new Relay()
    second.meet()
    const wrong = { type: 'frame', relay: other, frame: { type: 'record', record: valid } } as const
    expect(second.do(wrong)).toContainEqual({ type: 'close', relay: other })
  })

  it('[RN14] looks for keepers elsewhere when somebody here looks, and tells nobody that it has some until it has', () => {
    const relay = new Relay()
    const keepers = keepersSwarmId()
    const look = () => relay.do({ type: 'watched', swarmId: keepers, laneId: tab })
    expect(relay.do({ type: 'watched', swarmId, laneId: tab })).toEqual([])
    expect(look()).toEqual([{ type: 'look-up', swarmId: keepers }])
    expect(relay.do({ type: 'found', swarmId: keepers, relays: [other] })).toEqual([{ type: 'open', relay: other }])
    relay.do({ type: 'looked-up', swarmId: keepers })
    relay.do({ type: 'opened', relay: other })
    relay.hear([peer('keeper', { holder: true })], other, keepers)
    expect(look()).toMatchObject([{ type: 'tell', laneId: tab, peers: [{ peerId: 'keeper' }] }])
    expect(relay.do({ type: 'served', swarmId: keepers })).toContainEqual({ type: 'provide', swarmId: keepers })
    relay.do({ type: 'ended', swarmId: keepers })
    expect(relay.known(keepers)).toEqual([])
  })
})
