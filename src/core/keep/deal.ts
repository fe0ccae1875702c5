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
  /** Ask whether it still has it at the latest then. */
  checkAtMs: number
  /** It was asked on this lane, and has to answer until then. */
  asked: 'no' | 'offer' | 'status'
  answerByMs: number
  /** On this lane or an earlier one: it may have promised what was not heard. */
  wasOffered: boolean
  /** Not again before. */
  againAtMs: number
  /** It refused: the data set, or, where it has promised, to keep it for longer. [KE32] */
  code?: RefuseCode
}

/** The keeper said on the last lane that it has all of it. */
const isAnswered = ({ copy, asked, answerByMs }: Deal): boolean =>
  copy === 'held' && asked !== 'no' && answerByMs === Infinity

/** It said so lately, and the promise is good for a while. */
export const isDone = (deal: Deal, nowMs: number): boolean =>
  isAnswered(deal) && deal.untilMs > 0 && nowMs < Math.min(deal.renewAtMs, deal.checkAtMs)

/** Half of the term is over [KE15], or it was not asked for a while [KE19]. */
export const isToBeAsked = (deal: Deal, nowMs: number): boolean =>
  isAnswered(deal) && deal.untilMs > 0 && !isDone(deal, nowMs)

export const isPromised = ({ copy, untilMs }: Deal, nowMs: number): boolean => copy === 'held' && untilMs > nowMs

/** Nothing of it is asked any more. */
export const isRefused = (deal: Deal, nowMs: number): boolean => deal.code !== undefined && !isPromised(deal, nowMs)

/** Its keeper may have something of it. */
export const mayHaveIt = ({ wasOffered, copy }: Deal): boolean => wasOffered || copy !== 'none'

export const freshDeal = (keeper: PeerId): Deal => ({
  keeper,
  copy: 'none',
  heldBytes: 0,
  untilMs: 0,
  renewAtMs: 0,
  checkAtMs: 0,
  asked: 'no',
  answerByMs: Infinity,
  wasOffered: false,
  againAtMs: 0,
  code: undefined
})
