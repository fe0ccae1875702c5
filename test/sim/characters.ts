import type { KnownFrame } from '../../src/core/exchange/types.ts'
import type { SimPeer } from './peer.ts'

/**
 * What a peer does to what its machine would say: the frame as it is, another one, or nothing. `drip` says something
 * over the same lane a while after the last that was said so.
 */
export type Character = (
  frame: KnownFrame,
  peer: SimPeer,
  drip: (frame: KnownFrame, afterMs: number) => void
) => KnownFrame | undefined

export const honest: Character = (frame) => frame

/** Sends blocks that are not what they should be, now and then. */
export const blockLiar: Character = (frame, { world }) =>
  frame.type === 'blocks' && world.random() < 0.3
    ? { ...frame, blocks: frame.blocks.map(() => world.tokens.junk) }
    : frame

/** Sends hashes of another tree. */
export const hashLiar: Character = (frame) => {
  if (frame.type !== 'hashes') return frame
  return { ...frame, hashes: { ...frame.hashes, leaves: frame.hashes.leaves.map((byte) => byte ^ 1) } }
}

/** Says that it has everything and gives none of it. */
export const boaster: Character = (frame) => {
  if (frame.type === 'state') return { ...frame, complete: true, ranges: [] }
  if (frame.type === 'have') return undefined
  if (frame.type !== 'blocks') return frame
  return { type: 'refuse', code: 'not-held', ranges: [{ start: frame.start, count: frame.blocks.length }] }
}

/** Takes what it gets and answers nothing that it is asked. */
export const silent: Character = (frame) => (['blocks', 'hashes', 'refuse'].includes(frame.type) ? undefined : frame)

/** Brings a block now and then, which is not silence, no hashes, and gives back nothing. */
export const trickler: Character = (frame, _, drip) => {
  if (frame.type === 'blocks')
    frame.blocks.forEach((block, i) => drip({ ...frame, start: frame.start + i, blocks: [block] }, 3_500))
  return silent(frame, _, drip)
}

export const bad: Readonly<Record<string, Character>> = { blockLiar, hashLiar, boaster, silent, trickler }
