import { natKinds } from './kinds.ts'
import type { Visit } from './visit.ts'

const seconds = (ms: number): string => (ms / 1000).toFixed(1)

/** The table of a run, by pairs as `one,other`. */
export function resultsOf(visits: ReadonlyMap<string, Visit>): string {
  const head = `|  | ${natKinds.join(' | ')} |\n|---|${'---|'.repeat(natKinds.length)}`
  const rows = natKinds.map((one) => {
    const cells = natKinds.map((other) => {
      const visit = visits.get(`${one},${other}`)
      return visit ? `${visit.way} ${seconds(visit.connectMs)} · ${seconds(visit.wholeMs)}` : ''
    })
    return `| ${one} | ${cells.join(' | ')} |`
  })
  return `# Pairs of NATs

Written by \`npm run test:nat\`. Each cell: the way that the receiver's page names, seconds from opening the link until it
names it, and until 20 MB are verified and stored. Rows share, columns receive; loading the page counts in. No delay is
added between the hosts.

${head}
${rows.join('\n')}
`
}
