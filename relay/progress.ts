import type { Item } from '../src/engine/types.ts'
import { progressOf } from './control/facts.ts'
import type { Progress } from './control/types.ts'

/** Cells of the bar. */
const barCells = 20

export interface ProgressLine {
  readonly show: (progress: Progress) => void
  /** Takes the line away. */
  readonly end: () => void
}

/** Shows how something fares: a bar that grows on a terminal, JSON lines when asked. */
export function progressLine(json: boolean): ProgressLine {
  const terminal = process.stderr.isTTY
  let last = ''
  return {
    show(progress) {
      const { state, keep = '' } = progress
      const percent = percentOf(progress)
      const key = `${state} ${keep} ${percent}`
      if (key === last) return
      last = key
      if (json) console.log(JSON.stringify(jsonOf(progress)))
      else if (terminal) process.stderr.write(`\r\u001b[K${line(progress, percent)}`)
    },
    end() {
      if (terminal && !json) process.stderr.write('\r\u001b[K')
    }
  }
}

/** Shows how an item fares until the function that it gives is called. */
export function followProgress(item: Item, json: boolean): () => void {
  const { show, end } = progressLine(json)
  const stop = item.subscribe((view) => show(progressOf(view)))
  show(progressOf(item.peek()))
  return () => {
    stop()
    end()
  }
}

function percentOf({ doneBytes, totalBytes }: Progress): number {
  return totalBytes > 0 ? Math.floor((doneBytes / totalBytes) * 100) : 0
}

function jsonOf({ state, doneBytes, totalBytes, peers, rateBytesPerSecond, keep }: Progress): object {
  return { state, doneBytes, totalBytes, peers: peers.length, rateBytesPerSecond, ...(keep && { keep }) }
}

function line(progress: Progress, percent: number): string {
  const { state, title, rateBytesPerSecond, peers, keep } = progress
  if (state === 'waiting') return `${title || 'waiting'}: nobody who has it is online; it starts when somebody is`
  if (keep && (state === 'sharing' || state === 'complete')) return `${title}: keepers: ${keep}`
  const filled = Math.round((percent * barCells) / 100)
  const bar = `${'#'.repeat(filled)}${'.'.repeat(barCells - filled)}`
  const rate = rateBytesPerSecond > 0 ? `, ${(rateBytesPerSecond / 1e6).toFixed(1)} MB/s` : ''
  const from = peers.length > 0 ? ` from ${peers.length} (${[...new Set(peers)].join(', ')})` : ''
  return `${title || state} [${bar}] ${percent} %${rate}${from}`
}
