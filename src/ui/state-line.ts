import type { ItemView } from '../engine/types.ts'
import { t } from './messages.ts'
import { isWhole } from './standing.ts'
import { wordsOfError } from './words.ts'

/** What an item is doing, in one line: "Fetching 62 % · 4.2 MB/s · 18 s left". */
export function stateLine(view: ItemView, durable: boolean): string {
  const w = t.item
  const size = view.contentBytes > 0 ? t.format.bytes(view.contentBytes) : ''
  const files = view.fileCount > 1 ? w.files(view.fileCount) : ''
  const pace = view.rateBytesPerSecond > 0 ? w.rate(view.rateBytesPerSecond) : ''
  const left = view.remainingMs === undefined ? '' : w.left(view.remainingMs)
  return joined(partsOf())

  function partsOf(): string[] {
    switch (view.state) {
      case 'adding':
        return [w.adding(view.doneBytes, view.totalBytes), pace, left]
      case 'sharing':
        return [w.sharing, files, size]
      case 'complete':
        return [durable ? w.complete : w.completeHere, files, size]
      case 'fetching':
        return [w.fetching(view.doneBytes, view.totalBytes), pace, left]
      case 'waiting':
        return [w.waiting(view.doneBlocks, view.blockCount)]
      case 'paused':
        return isWhole(view) ? [w.paused(0, 0), size] : [w.paused(view.doneBytes, view.totalBytes)]
      case 'error':
        return [view.error ? wordsOfError(view.error).title : t.errors.unexpected.title]
    }
  }
}

export const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ')
