import type { ItemView } from '../engine/types.ts'
import { percentOf } from './format.ts'
import { t } from './messages.ts'

/** What every item always answers: how many copies exist right now, and what happens if this tab closes. */
export interface Standing {
  /** 0: no full copy; 1: one, which can vanish; 2: several; 3: a keeper has promised to keep one. */
  readonly level: 0 | 1 | 2 | 3
  /** Something can vanish: shown as a warning. */
  readonly atRisk: boolean
  readonly copies: string
  readonly copiesLine: string
  readonly closing: string
  readonly closingLine: string
  /** For narrow screens. */
  readonly closingShort: string
}

export interface Circumstances {
  /** Added in this visit, and no other copy was seen since. */
  readonly fresh: boolean
  /** What is stored here outlives the tab. */
  readonly durable: boolean
}

export const isWhole = (view: ItemView): boolean =>
  view.blockCount > 0 && view.doneBlocks >= view.blockCount && view.state !== 'adding'

/** What is verified and stored here, in whole percents: 100 only when it is all of it. */
export const percentHere = (view: ItemView): number =>
  isWhole(view) ? 100 : Math.min(99, percentOf(view.doneBytes, view.totalBytes))

/** How many keepers have all of it and have promised to keep it. */
export const keepersSafe = ({ keep }: ItemView): number =>
  keep?.keepers.filter(({ state }) => state === 'safe').length ?? 0

/** Until when a keeper keeps a copy; 0: none does. */
export const keptUntilMs = ({ keep }: ItemView): number => (keep?.wanted && keep.state === 'safe' ? keep.untilMs : 0)

/** All of it is here, and no other copy is in sight or promised. */
export const isLastCopy = (view: ItemView): boolean =>
  isWhole(view) && view.otherCopies === 0 && keptUntilMs(view) === 0

export function standingOf(view: ItemView, circumstances: Circumstances): Standing {
  if (view.state === 'adding') return adding()
  if (view.state === 'error') return failed(view, circumstances)
  if (view.state === 'paused') return paused(view, circumstances)
  if (isWhole(view)) return whole(view, circumstances)
  return partial(view, circumstances)
}

function adding(): Standing {
  const w = t.standing
  return {
    level: 0,
    atRisk: false,
    copies: w.notLinked,
    copiesLine: w.notLinkedLine,
    closing: w.addingStops,
    closingLine: w.addingStopsLine,
    closingShort: w.addingStops
  }
}

function failed(view: ItemView, { durable }: Circumstances): Standing {
  const w = t.standing
  return {
    level: view.otherCopies > 1 ? 2 : view.otherCopies === 1 ? 1 : 0,
    atRisk: false,
    copies: view.otherCopies > 0 ? w.fullCopies(view.otherCopies) : view.link ? w.noFull : w.notMade,
    copiesLine: view.link ? w.failed : w.notMadeLine,
    ...(durable || !view.link
      ? { closing: w.changesNothing, closingLine: '', closingShort: w.changesNothing }
      : startsOver)
  }
}

function paused(view: ItemView, { durable }: Circumstances): Standing {
  const w = t.standing
  const copies = view.otherCopies + (isWhole(view) ? 1 : 0)
  const untilMs = keptUntilMs(view)
  const closing = durable ? w.staysPaused : w.safe
  return {
    level: copies > 1 ? 2 : copies === 1 ? 1 : 0,
    atRisk: false,
    copies: copies > 0 ? w.fullCopies(copies) : w.noFull,
    copiesLine: w.notShared,
    ...(durable || untilMs > 0
      ? { closing, closingLine: untilMs > 0 ? w.kept(untilMs) : w.staysPausedLine, closingShort: closing }
      : isLastCopy(view)
        ? stopsForGood
        : startsOver)
  }
}

function whole(view: ItemView, circumstances: Circumstances): Standing {
  const w = t.standing
  const { durable } = circumstances
  const n = view.otherCopies
  const untilMs = keptUntilMs(view)
  if (untilMs > 0) {
    // The keepers are among those that are seen, or away just now.
    const keepers = Math.max(1, keepersSafe(view))
    const others = Math.max(keepers, n)
    return {
      level: 3,
      atRisk: false,
      copies: w.copies(others + 1),
      copiesLine: w.keptToo(keepers, others - keepers),
      closing: w.safe,
      closingLine: w.kept(untilMs),
      closingShort: w.kept(untilMs)
    }
  }
  if (n > 0) {
    return {
      level: 2,
      atRisk: false,
      copies: w.copies(n + 1),
      copiesLine: w.thisAndOthers(n),
      closing: w.stays,
      closingLine: w.staysLine(n),
      closingShort: w.stays
    }
  }
  const fetching = view.peers.filter((peer) => peer.sentBytesPerSecond > 0).length
  const keep = view.keep?.wanted ? view.keep : undefined
  const keeping = keep?.state === 'handing' ? w.handing : keep?.unreached && w.outOfReach
  // A keeper that promised may be back before anybody opens the link.
  const fresh = circumstances.fresh && !keep?.unreached
  return {
    level: 1,
    atRisk: true,
    copies: fresh ? w.onlyHere : w.unseen,
    // That nobody is heard of proves nothing of what was shared before: its holders may be away.
    copiesLine: keeping ?? (fetching > 0 ? w.beingFetched(fetching) : fresh ? w.noOneYet : w.unseenLine),
    ...(!durable
      ? stopsForGood
      : fresh
        ? { closing: w.stops, closingLine: w.stopsLine, closingShort: w.stopsShort }
        : { closing: w.mayStop, closingLine: w.mayStopLine, closingShort: w.mayStopShort })
  }
}

type Closing = Pick<Standing, 'closing' | 'closingLine' | 'closingShort'>
const waitsOn: Closing = {
  closing: t.standing.nothingLost,
  closingLine: t.standing.nothingLostLine,
  closingShort: t.standing.nothingLostShort
}
const pausesThen: Closing = {
  closing: t.standing.pauses,
  closingLine: t.standing.pausesLine,
  closingShort: t.standing.pausesShort
}
const stopsForGood: Closing = {
  closing: t.standing.stopsForGood,
  closingLine: t.standing.stopsForGoodLine,
  closingShort: t.standing.stopsShort
}
const startsOver: Closing = {
  closing: t.standing.startsOver,
  closingLine: t.standing.stopsForGoodLine,
  closingShort: t.standing.startsOverShort
}

function partial(view: ItemView, { durable }: Circumstances): Standing {
  const w = t.standing
  const n = view.otherCopies
  const sending = view.peers.filter((peer) => peer.receivedBytesPerSecond > 0).length
  const missing = view.blockCount - view.doneBlocks
  const waiting = view.state === 'waiting'
  const noneLine = waiting ? (missing > 0 ? w.heldByNoOne(missing) : w.noHolder) : w.sending(sending)
  return {
    level: n > 1 ? 2 : n === 1 ? 1 : 0,
    atRisk: false,
    copies: n > 0 ? w.fullCopies(n) : w.noFull,
    copiesLine: n > 0 ? (waiting ? w.unreachable : w.sending(sending)) : noneLine,
    ...(durable ? (waiting ? waitsOn : pausesThen) : startsOver)
  }
}
