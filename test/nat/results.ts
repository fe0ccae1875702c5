import { cpus, loadavg } from 'node:os'
import { natKinds } from './kinds.ts'
import type { Visit } from './visit.ts'

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

function tableOf(visits: ReadonlyMap<string, Visit>): string {
  const head = `|  | ${natKinds.join(' | ')} |\n|---|${'---|'.repeat(natKinds.length)}`
  const rows = natKinds.map((one) => {
    const cells = natKinds.map((other) => {
      const visit = visits.get(`${one},${other}`)
      return visit ? `${visit.way} ${seconds(visit.connectMs)} · ${seconds(visit.wholeMs)}` : ''
    })
    return `| ${one} | ${cells.join(' | ')} |`
  })
  return `${head}\n${rows.join('\n')}\n`
}

/** The tables of a run, by setting and by pairs as `one,other`; a setting that did not run stays as it was before. */
export function resultsOf(settings: Readonly<Record<string, ReadonlyMap<string, Visit>>>, before: string): string {
  const [, ...kept] = before.split(/^## /m)
  const tables = Object.entries(settings).map(([name, visits]) => {
    const title = `With ${name}`
    const conditions = `${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}.`
    const old = kept.find((section) => section.startsWith(title))
    return visits.size === 0 ? `## ${old ?? `${title}\n`}` : `## ${title}\n\n${conditions}\n\n${tableOf(visits)}`
  })
  return `# Pairs of NATs

Written by \`npm run test:nat\`. Each cell: the way that the receiver's page names, seconds from opening the link until it
names it, and until 20 MB are verified and stored. Rows share, columns receive; loading the page counts in. No delay is
added between the hosts.

${tables.map((table) => table.trimEnd()).join('\n\n')}
`
}
