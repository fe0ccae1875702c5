import { keepGoneMs, keepRetryMs, keepRetryMsMax, keepTermMsMax } from '../limits.ts'
import type { KeeperContact } from './asker-types.ts'

/** The lane to one keeper, and how it went so far. */
export interface KeeperLink {
  contact: KeeperContact
  state: 'closed' | 'opening' | 'open'
  /** Tries in a row that failed. */
  failures: number
  nextTryAtMs: number
  /** Since then it does not answer. */
  awaySinceMs: number
  /** It could not be reached before now, and was not tried since: nobody takes its place yet. [KE25] [KE33] */
  isUntried: boolean
}

export const freshLink = (contact: KeeperContact): KeeperLink => ({
  contact,
  state: 'closed',
  failures: 0,
  nextTryAtMs: 0,
  awaySinceMs: Infinity,
  isUntried: false
})

export function reached(link: KeeperLink): void {
  Object.assign(link, { state: 'open', failures: 0, awaySinceMs: Infinity, isUntried: false })
}

/** It could not be reached, or went. [KE14] */
export function missed(link: KeeperLink, nowMs: number): void {
  link.state = 'closed'
  link.isUntried = false
  link.awaySinceMs = Math.min(link.awaySinceMs, nowMs)
  link.nextTryAtMs = nowMs + Math.min(keepRetryMsMax, keepRetryMs * 2 ** link.failures++)
}

/** [KE25] [KE33] */
export function tryAgain(link: KeeperLink, nowMs: number): void {
  if (link.failures === 0 || link.state !== 'closed') return
  link.nextTryAtMs = nowMs
  link.isUntried = true
}

/** It has not answered for so long that a copy at it is not counted on. [KE19] */
export const isGone = (link: KeeperLink | undefined, nowMs: number): boolean =>
  !link || nowMs - link.awaySinceMs >= keepGoneMs

/** The term to ask for, in whole seconds. */
export function termMsOf(link: KeeperLink | undefined): number {
  const termMsMax = link?.contact.terms.termMsMax ?? keepTermMsMax
  return Math.floor(Math.min(keepTermMsMax, termMsMax) / 1000) * 1000
}
