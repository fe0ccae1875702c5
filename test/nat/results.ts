import { cpus } from 'node:os'
import { type NatKind, natKinds } from './kinds.ts'
import type { Visit } from './visit.ts'

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** The tables of a run, by setting and by pairs as `one,other`; what did not run stays as it was before. */
export function resultsOf(settings: Readonly<Record<string, ReadonlyMap<string, Visit>>>, before: string): string {
  const [, ...sections] = before.split(/^## /m)
  const tables = Object.entries(settings).map(([name, visits]) => {
    const title = `With ${name}`
    const cells = cellsOf(sections.find((section) => section.startsWith(title)) ?? '')
    for (const [pair, { way, connectMs, wholeMs }] of visits) {
      cells.set(pair, `${way} ${seconds(connectMs)} · ${seconds(wholeMs)}`)
    }
    return `## ${title}\n\n${tableOf(cells)}\n`
  })
  return `# Pairs of NATs

Written by \`npm run test:nat\` on ${cpus().length} cores. Each cell: the way that the receiver's page names, seconds from
opening the link until it names it, and until 20 MB are verified and stored. Rows share, columns receive; loading the page
counts in. No delay is added between the hosts.

${tables.join('\n')}`
}

/** What a table of ours holds, by pair. */
function cellsOf(section: string): Map<string, string> {
  const rows = section.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  const ours = rows.filter(([, one]) => natKinds.includes(one as NatKind))
  const cells = ours.flatMap(([, one, ...rest]) =>
    natKinds.map((other, i) => [`${one},${other}`, rest[i] ?? ''] as const)
  )
  return new Map(cells.filter(([, text]) => text !== ''))
}

function tableOf(cells: ReadonlyMap<string, string>): string {
  const head = `|  | ${natKinds.join(' | ')} |\n|---|${'---|'.repeat(natKinds.length)}`
  const rows = natKinds.map(
    (one) => `| ${one} | ${natKinds.map((other) => cells.get(`${one},${other}`) ?? '').join(' | ')} |`
  )
  return `${head}\n${rows.join('\n')}`
}
