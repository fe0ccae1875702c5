import { encodeFrame } from '../../src/core/exchange/codec.ts'
import { proofOf } from '../../src/core/exchange/proof.ts'
import type { KnownFrame } from '../../src/core/exchange/types.ts'
import { groupIndex, type PeerId } from '../../src/core/ids.ts'
import { peersToldMax } from '../../src/core/limits.ts'
import type { AttackLane } from './attack-lane.ts'
import { quiet, type TestClock } from './clock.ts'
import type { Dice } from './dice.ts'
import type { Truth } from './victim.ts'

/** In real time, until a fetcher has asked for something: hashing takes its own time. */
const patienceMs = 10_000

/** What an attacker has: a lane, the link, dice. */
export interface Stage {
  readonly lane: AttackLane
  readonly truth: Truth
  readonly dice: Dice
  readonly clock: TestClock
}

/** A right greeting, with changes. */
export function hello(
  { lane, truth }: Stage,
  change: Partial<Extract<KnownFrame, { type: 'hello' }>> = {}
): Uint8Array {
  const { swarmId, swarmKey } = truth.keys
  const proof = proofOf(swarmKey!, lane.peerId, lane.localPeerId, 'initiator')
  return encodeFrame({ type: 'hello', swarmId, role: 'tab', lane: 0, proof, ...change })
}

export const stateOf = ({ truth }: Stage): Extract<KnownFrame, { type: 'state' }> => ({
  type: 'state',
  serving: true,
  complete: true,
  manifest: truth.manifest,
  ranges: []
})

export function say(stage: Stage, frame: KnownFrame): void {
  stage.lane.say(encodeFrame(frame))
}

export async function greet(stage: Stage): Promise<void> {
  stage.lane.say(hello(stage))
  say(stage, stateOf(stage))
  await quiet()
}

/** From now on nothing is read, and the lane takes no more. */
export function neverRead({ lane }: Stage): void {
  lane.reads = false
  lane.bufferBytes = 0
}

/** Any frame that a peer may say at some time, with values of any size. */
export function anyFrame({ truth, dice }: Stage): KnownFrame {
  const count = truth.blocks.length
  const range = () => ({ start: dice.edge(count), count: 1 + dice.edge(count) })
  const ranges = () => dice.list(4, range).filter(({ start, count: n }) => start + n <= 0xffff_ffff)
  const group = groupIndex(dice.edge(truth.groups.length))
  const hashes = dice.pick(truth.groups)
  const record = { peerId: `peer${dice.below(9)}` as PeerId, record: dice.bytes(dice.below(64)) }
  return dice.pick<() => KnownFrame>([
    () => ({ type: 'state', serving: dice.coin(), complete: dice.coin(), manifest: truth.manifest, ranges: [] }),
    () => ({ type: 'state', serving: true, complete: false, ranges: [range()] }),
    () => ({ type: 'have', ranges: ranges() }),
    () => ({ type: 'gone', ranges: ranges() }),
    () => ({ type: 'want-hashes', group }),
    () => ({ type: 'hashes', group, hashes }),
    () => ({ type: 'refuse-hashes', group, code: dice.pick(['busy', 'not-held', 'not-serving']) }),
    () => ({ type: 'want', ranges: ranges() }),
    () => ({ type: 'blocks', start: dice.below(count), blocks: [dice.pick(truth.blocks)] }),
    () => ({ type: 'refuse', code: dice.pick(['busy', 'not-held', 'not-serving', 'cancelled']), ranges: ranges() }),
    () => ({ type: 'cancel', ranges: ranges() }),
    () => ({ type: 'peers', peers: dice.list(peersToldMax, () => record) }),
    () => ({ type: 'suggest', ranges: ranges() }),
    () => ({ type: 'bye', code: dice.pick(['leaving', 'protocol', 'stalled', 'too-many']) })
  ])()
}

/** Says bytes in pieces of any size. */
export function sayInPieces({ lane, dice }: Stage, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const until = at + 1 + dice.below(dice.coin() ? 16 : bytes.length)
    lane.say(bytes.slice(at, until))
    at = until
  }
}

/** Answers the next want as `blocksOf` says. */
export async function answerWant(
  stage: Stage,
  blocksOf: (index: number) => { start: number; blocks: Uint8Array[] }
): Promise<void> {
  await greet(stage)
  const untilMs = performance.now() + patienceMs
  while (performance.now() < untilMs && !stage.lane.isClosed) {
    const group = stage.lane.take('want-hashes')
    if (group) say(stage, { type: 'hashes', group: group.group, hashes: stage.truth.groups[group.group]! })
    const want = stage.lane.take('want')
    if (want) return say(stage, { type: 'blocks', ...blocksOf(want.ranges[0]!.start) })
    await quiet(1)
  }
  throw new Error('it asks for nothing')
}

/** One bit of it is another. */
export function spoilt(bytes: Uint8Array, { dice }: Stage): Uint8Array {
  const copy = bytes.slice()
  copy[dice.below(copy.length)]! ^= 1 << dice.below(8)
  return copy
}

/** `u32 length ‖ u8 type`, of no matter what. */
export const head = (length: number, type: number): Uint8Array =>
  Uint8Array.of(length & 255, (length >> 8) & 255, (length >> 16) & 255, (length >>> 24) & 255, type)
