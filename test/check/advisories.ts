/** Asks the registry for known faults of what Quire installs; a registry that keeps no such list is no failure. */
import { spawnSync } from 'node:child_process'
import { root } from './tree.ts'

const args = ['audit', '--json', '--audit-level=high']
const { status, stdout } = spawnSync('npm', args, { cwd: root, encoding: 'utf8', timeout: 30_000 })
const answer = parse(stdout)
if (answer?.metadata === undefined) {
  console.log('This registry answers no audit: known faults of packages were not looked for.')
} else {
  const { high, critical } = answer.metadata.vulnerabilities
  console.log(`Packages with known faults: ${high} high, ${critical} critical.`)
  process.exitCode = status === 0 ? 0 : 1
}

interface Audit {
  readonly metadata?: { readonly vulnerabilities: { readonly high: number; readonly critical: number } }
}

function parse(text: string): Audit | undefined {
  try {
    return JSON.parse(text) as Audit
  } catch {
    return undefined
  }
}
