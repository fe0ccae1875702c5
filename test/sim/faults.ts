import { luckOf } from '../support/seeded.ts'
import { bad, type Character, honest } from './characters.ts'
import { homeLine } from './crowd.ts'
import { checkDuplicates } from './invariants.ts'
import type { SimPeer } from './peer.ts'
import { Tokens } from './tokens.ts'
import type { Line } from './wire.ts'
import { World } from './world.ts'

/** Nothing goes wrong any more after this. */
const faultsEndMs = 60_000
/** Then everybody has everything within this. */
const recoverMs = 900_000

/** What a seed makes of a world: how many there are, how they hang on the network, and what goes wrong. */
export function runFaults(seed: number): { world: World; endedMs: number } {
  const luck = luckOf(seed * 31 + 5)
  for (let i = 0; i < 20; i++) luck()
  const upTo = (count: number) => Math.floor(luck() * count)
  const tokens = new Tokens(1 + upTo(700), 64 * 1024, seed)
  const world = new World(seed, tokens, { trackers: 1 + upTo(2) })
  const { events } = world
  world.join('source', { line: homeLine, character: honest, holdsEverything: true })
  const isBad = luck() < 0.6
  const count = 8 + upTo(30)
  for (let i = 0; i < count; i++) {
    const line = lineOf(luck)
    const isBehindHardNat = luck() < 0.3
    const character = isBad && luck() < 0.2 ? pick(luck, Object.values(bad)) : honest
    const roomBlocks = luck() < 0.1 ? upTo(tokens.blockCount) : undefined
    const holdsEverything = character !== honest && luck() < 0.5
    const readsFrom = i % 3 === 0 ? (i % 10) / 10 : undefined
    const options = { line, character, isBehindHardNat, roomBlocks, holdsEverything, readsFrom }
    events.after(luck() * luck() * 20_000, () => suffer(world.join(`p${i}`, options), luck))
  }
  if (luck() < 0.3)
    events.after(22_000 + luck() * 20_000, () => {
      world.note('relays died')
      for (const tracker of world.trackers) tracker.die()
    })
  if (luck() < 0.3) {
    const sides = new Map<SimPeer, number>()
    const sideOf = (peer: SimPeer) => sides.get(peer) ?? (sides.set(peer, upTo(2)), sides.get(peer)!)
    events.after(luck() * 20_000, () => world.part(sideOf))
    events.after(20_000 + luck() * 30_000, () => world.part(undefined))
  }
  world.pass(faultsEndMs)
  for (const peer of world.peers.values()) {
    peer.disk.roomBlocks = tokens.blockCount
    peer.turn({ type: 'admit' })
  }
  const isDone = () => [...world.peers.values()].every((peer) => peer.options.character !== honest || peer.isComplete)
  world.until(isDone, recoverMs, 'every honest peer has everything')
  for (const peer of world.all) {
    checkDuplicates(peer)
    if (peer.wire.lost > 0) world.note('message lost')
  }
  return { world, endedMs: events.nowMs }
}

/** What becomes of one peer: it stays, leaves, crashes, or crashes and comes back with its disk as it was. */
function suffer(peer: SimPeer, luck: () => number): void {
  const { world } = peer
  const fate = luck()
  const noticedMs = luck() * 20_000
  const atMs = luck() * (faultsEndMs - world.events.nowMs - 1_000)
  if (fate > 0.35) return
  world.events.after(atMs, () => {
    if (peer.isGone) return
    world.note(fate < 0.1 ? 'left' : 'crashed')
    if (fate < 0.1) return peer.leave()
    peer.crash(noticedMs)
    if (fate < 0.2) return
    // A disk that is full when it comes back is a fault too, and those end.
    const awayMs = Math.min(luck() * 5_000, faultsEndMs - 1 - world.events.nowMs)
    world.events.after(awayMs, () => {
      if (peer.disk.durable.count > 0) world.note('returned with its disk')
      world.join(`${peer.peerId}+`, peer.options, peer.disk).meet([...peer.met.values()])
    })
  })
}

function lineOf(luck: () => number): Line {
  const up = 100 * 2 ** (luck() * 6)
  return {
    up,
    down: up * (1 + luck() * 8),
    latencyMs: 1 + luck() * 80,
    jitterMs: luck() * 30,
    loss: luck() < 0.3 ? luck() * 0.02 : 0
  }
}

const pick = (luck: () => number, all: readonly Character[]): Character => all[Math.floor(luck() * all.length)]!
