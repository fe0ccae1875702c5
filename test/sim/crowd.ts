import { honest } from './characters.ts'
import type { SimPeer } from './peer.ts'
import { Tokens } from './tokens.ts'
import { type Line, Machine } from './wire.ts'
import { World } from './world.ts'

export interface Crowd {
  readonly seed: number
  readonly peers: number
  readonly bytes: number
  readonly blockBytes?: number
  readonly seeders?: number
  readonly line?: Partial<Line>
  readonly seederLine?: Partial<Line>
  readonly seederUploadBytesPerSecond?: number
  /** All have come within this; a second unless it says otherwise. */
  readonly withinMs?: number
  /** Connections take up to so much longer, each by its own chance. */
  readonly meetMs?: number
  /** All are on one machine, which passes on so many bytes a millisecond. */
  readonly machineBytesPerMs?: number
}

export interface CrowdResult {
  readonly peers: number
  readonly lastMs: number
  readonly medianMs: number
  readonly firstMs: number
  readonly fluidMs: number
  /** Of each, in the order of their names: from when it came until it had everything. */
  readonly tookMs: readonly number[]
  /** What the seeders sent, as a share of the data set. */
  readonly seederCopies: number
  readonly duplicates: number
  /** What the poorest and the richest have when one has half, as shares of what the one in the middle has. */
  readonly poorest: number
  readonly richest: number
  readonly neighbours: number
  readonly framesPerPeer: number
  readonly dialsPerPeer: number
  readonly writesPerSegment: number
  readonly controlShare: number
  readonly events: number
  readonly cpuSeconds: number
}

export const homeLine: Line = { up: 2500, down: 10_000, latencyMs: 15, jitterMs: 4, loss: 0 }

/** Everybody comes at once for what the seeders have. */
export function runCrowd(crowd: Crowd): CrowdResult {
  const { seed, peers, bytes, blockBytes = 64 * 1024, seeders = 1, withinMs = 1000 } = crowd
  const uploadBytesPerSecond = crowd.seederUploadBytesPerSecond
  const began = process.cpuUsage()
  const tokens = new Tokens(Math.ceil(bytes / blockBytes), blockBytes, seed)
  const machine = crowd.machineBytesPerMs === undefined ? undefined : new Machine(crowd.machineBytesPerMs)
  const line = { ...homeLine, ...crowd.line, machine }
  const world = new World(seed, tokens, { apartMs: 2 * line.latencyMs, meetMs: crowd.meetMs })
  const sources = Array.from({ length: seeders }, (_, i) =>
    world.join(`seeder${i}`, {
      line: { ...line, ...crowd.seederLine },
      character: honest,
      holdsEverything: true,
      uploadBytesPerSecond
    })
  )
  world.pass(500)
  const startMs = world.events.nowMs
  for (let i = 0; i < peers; i++) {
    world.events.after(world.random() * withinMs, () => world.join(`peer${i}`, { line, character: honest }))
  }
  world.pass(withinMs)
  const takers = world.all.slice(seeders)
  const middle = takers[peers >> 1]!
  world.until(() => middle.disk.durable.count >= tokens.blockCount / 2, 3_600_000, 'half has come')
  const halfway = takers.map((peer) => peer.disk.durable.count).sort((a, b) => a - b)
  world.until(() => world.lacking === 0, 3_600_000, 'everybody has everything')
  const times = takers.map((peer) => peer.completedMs! - startMs).sort((a, b) => a - b)
  const used = process.cpuUsage(began)
  const ups = [{ ...line, ...crowd.seederLine }.up, (uploadBytesPerSecond ?? Infinity) / 1000]
  const up = Math.min(...ups) * seeders
  return {
    peers,
    lastMs: times.at(-1)!,
    medianMs: times[Math.floor(times.length / 2)]!,
    firstMs: times[0]!,
    fluidMs: Math.max(bytes / up, bytes / line.down, (peers * bytes) / (up + peers * line.up)),
    seederCopies: sum(sources, (peer) => peer.wire.sentBytes) / bytes,
    tookMs: Array.from({ length: peers }, (_, i) => tookMs(world, `peer${i}`)),
    poorest: halfway[0]! / halfway[peers >> 1]!,
    richest: halfway.at(-1)! / halfway[peers >> 1]!,
    duplicates: sum(takers, (peer) => peer.duplicateBlocks) / (peers * tokens.blockCount),
    neighbours: sum(takers, (peer) => peer.machine.sessions().length) / peers,
    framesPerPeer: sum(takers, (peer) => peer.wire.sentFrames) / peers,
    dialsPerPeer: sum(takers, (peer) => peer.dials) / peers,
    writesPerSegment: sum(takers, (peer) => peer.disk.writes) / (peers * Math.ceil(tokens.blockCount / 64)),
    controlShare: sum(world.all, (peer) => peer.wire.sentBytes) / (peers * bytes) - 1,
    events: world.events.count,
    cpuSeconds: (used.user + used.system) / 1e6
  }
}

function tookMs(world: World, name: string): number {
  const { completedMs, joinedMs } = world.all.find(({ peerId }) => peerId === name)!
  return completedMs! - joinedMs
}

const sum = (peers: readonly SimPeer[], of: (peer: SimPeer) => number): number =>
  peers.reduce((total, peer) => total + of(peer), 0)
