import type { PeerId } from '../ids.ts'
import type { CopyState, RefuseCode } from './types.ts'

/** What one keeper was asked about one data set, and answered. */
export interface Deal {
  readonly keeper: PeerId
  copy: CopyState
  heldBytes: number
  /** End of the promise by the last good receipt; 0: none. */
  untilMs: number
  /** Offer again at the latest then. */
  renewAtMs: number
  /** It was asked on this lane, and has to answer until then. */
  asked: 'no' | 'offer' | 'status'
  answerByMs: number
  /** Not again before. */
  againAtMs: number
  code?: RefuseCode
}

/** The keeper said in this visit that it has all of it. */
export const isAnswered = ({ copy, asked, answerByMs }: Deal): boolean =>
  copy === 'held' && asked !== 'no' && answerByMs === Infinity

export const freshDeal = (keeper: PeerId): Deal => ({
  keeper,
  copy: 'none',
  heldBytes: 0,
  untilMs: 0,
  renewAtMs: 0,
  asked: 'no',
  answerByMs: Infinity,
  againAtMs: 0,
  code: undefined
})
