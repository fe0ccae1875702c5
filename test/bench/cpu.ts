import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks a second, as Linux counts processor time. */
const ticks = 100

/**
 * Processor seconds, over all threads, of this process and of every process below it: both browsers with all their
 * processes, relay and trackers. What ended meanwhile counts with the one that started it. Chromium's crash handlers
 * leave the family, and do nothing.
 */
export function cpuSeconds(): number {
  const facts = new Map<number, { parent: number; seconds: number }>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fact = factOf(Number(name))
    if (fact) facts.set(Number(name), fact)
  }
  const ours = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = facts.get(at)?.parent) {
      if (at === process.pid) return true
    }
    return false
  }
  return [...facts].reduce((sum, [pid, { seconds }]) => (ours(pid) ? sum + seconds : sum), 0)
}

function factOf(pid: number): { parent: number; seconds: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold spaces; state, parent and times follow it: its own, and those of children that ended.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const spent = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { parent: Number(fields[1]), seconds: spent / ticks }
  } catch {
    return undefined // it ended while we looked
  }
}
