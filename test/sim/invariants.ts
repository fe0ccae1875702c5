import type { KnownFrame } from '../../src/core/exchange/types.ts'
import type { LaneId } from '../../src/core/ids.ts'
import {
  blocksPerSecond,
  laneBufferBytesMax,
  silentBlocks,
  queuedBlocksMax,
  sessionsMax,
  urgentBlocks,
  windowBytesMax
} from '../../src/core/limits.ts'
import { honest } from './characters.ts'
import type { SimPeer } from './peer.ts'
import type { LaneEnd } from './wire.ts'

/** A promise that a run broke. */
export class Broken extends Error {
  readonly promise: string
  constructor(promise: string, peer: SimPeer, says: string) {
    super(`${promise}: ${peer.peerId} at ${Math.round(peer.world.events.nowMs)} ms: ${says}`)
    this.promise = promise
  }
}

/** Nothing is stored that was not verified. */
export function checkStored(peer: SimPeer, index: number, bytes: Uint8Array): void {
  if (bytes !== peer.world.tokens.blocks[index])
    throw new Broken('stored-is-verified', peer, `block ${index} is another`)
}

/** Nothing is claimed that is not held. */
export function checkClaim(peer: SimPeer, frame: KnownFrame): void {
  const { durable } = peer.disk
  if (frame.type === 'state' && frame.complete && !durable.isFull)
    throw new Broken('claimed-is-held', peer, 'it says that it has everything')
  if (frame.type !== 'state' && frame.type !== 'have' && frame.type !== 'blocks') return
  const ranges = frame.type === 'blocks' ? [{ start: frame.start, count: frame.blocks.length }] : frame.ranges
  for (const range of ranges) {
    if (!durable.hasRange(range))
      throw new Broken('claimed-is-held', peer, `${frame.type} ${range.start}+${range.count}`)
  }
}

/** What one peer may hold of another's time and memory, looked at now and then. */
export function checkSession(peer: SimPeer, laneId: LaneId): void {
  if (++looked % 256 !== 0) return
  const sessions = peer.machine.sessions()
  if (sessions.length > sessionsMax) throw new Broken('bounded', peer, `${sessions.length} sessions`)
  const session = sessions.find((each) => each.laneId === laneId)
  if (!session) return
  const windowBlocks = Math.max(2, windowBytesMax / peer.world.tokens.blockBytes)
  if (session.windowBytes > Math.max(windowBytesMax, 2 * peer.world.tokens.blockBytes))
    throw new Broken('bounded', peer, `a window of ${session.windowBytes} bytes`)
  if (session.inFlightBlocks > Math.max(queuedBlocksMax, windowBlocks))
    throw new Broken('bounded', peer, `${session.inFlightBlocks} blocks in flight`)
}

let looked = 0

/** What waits on a lane to go out stays within what a lane may hold, and one window more. */
export function checkLane(peer: SimPeer, end: LaneEnd): void {
  if (peer.options.character !== honest) return
  if (end.queuedBytes > laneBufferBytesMax + windowBytesMax)
    throw new Broken('bounded', peer, `${end.queuedBytes} bytes wait on a lane`)
}

/** Blocks that came twice stay under one in a hundred, or what a silent peer was asked at first; a reader waits for more. */
export function checkDuplicates(peer: SimPeer): void {
  if (peer.options.character !== honest) return
  const { blockCount } = peer.world.tokens
  const share = Math.floor(blockCount / blocksPerSecond)
  const most = peer.reader ? urgentBlocks + share : Math.max(silentBlocks, share)
  if (peer.duplicateBlocks > most)
    throw new Broken('few-duplicates', peer, `${peer.duplicateBlocks} of ${blockCount} blocks came twice`)
}
