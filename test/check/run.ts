/**
 * `npm run check`: everything that is known without running the product. Prints what failed and a line for each
 * check; the last line is `N passed, N failed`. Names of checks as arguments run only those: `npm run check -- lint`.
 * `npm run format` is the same program with --write: it formats instead of checking.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closingLine } from '../support/tally.ts'
import { root } from './tree.ts'

const own = (path: string): string => join(root, 'test/check/node_modules', path)
const shared = (path: string): string => join(root, 'node_modules', path)
const here = (path: string): string => join(root, 'test/check', path)

const prettier = own('prettier/bin/prettier.cjs')
const tsc = own('typescript-native/bin/tsc')

interface Check {
  readonly name: string
  /** Arguments of node. */
  readonly args: readonly string[]
  /** Shows what it prints also when all is well. */
  readonly shows?: boolean
}

/** The slow ones first, so that the quick ones fill the second core beside them. */
const checks: readonly Check[] = [
  { name: 'format', args: [prettier, '--check', '--log-level', 'warn', '.'] },
  { name: 'lint', args: [own('oxlint/bin/oxlint'), '--deny-warnings', '.'] },
  { name: 'types', args: [tsc, '--project', '.'] },
  {
    name: 'svelte',
    args: [own('svelte-check/bin/svelte-check'), '--tsconfig', 'test/check/tsconfig.svelte.json', '--fail-on-warnings']
  },
  {
    name: 'lint-svelte',
    args: [own('eslint/bin/eslint.js'), '--config', here('eslint.config.js'), '--max-warnings', '0', '.']
  },
  { name: 'budget', args: [here('budget.ts')], shows: true },
  { name: 'types-core', args: [tsc, '--project', 'src/core'] },
  { name: 'dead-code', args: [own('knip/bin/knip.js'), '--config', here('knip.json'), '--no-progress'] },
  { name: 'tidy', args: [shared('vitest/vitest.mjs'), 'run', '--project', 'tidy'] },
  { name: 'duplicates', args: [here('duplicates.ts')] },
  { name: 'sbom', args: [here('sbom.ts')], shows: true },
  { name: 'advisories', args: [here('advisories.ts')], shows: true }
]

interface Outcome {
  readonly check: Check
  readonly output: string
  readonly passed: boolean
  readonly seconds: number
}

async function main(words: readonly string[]): Promise<void> {
  if (!(await installLinters())) {
    console.log('The linters could not be installed in test/check.')
    console.log(closingLine({ passed: 0, failed: 1 }))
    process.exitCode = 1
    return
  }
  if (words.includes('--write')) {
    process.exitCode =
      spawnSync(process.execPath, [prettier, '--write', '--log-level', 'warn', '.'], {
        cwd: root,
        stdio: 'inherit'
      }).status ?? 1
    return
  }
  const waiting = words.length === 0 ? [...checks] : checks.filter((check) => words.includes(check.name))
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const outcome = await runCheck(check)
      outcomes.push(outcome)
      report(outcome)
    }
  }
  await Promise.all([worker(), worker()])
  const passed = outcomes.filter((outcome) => outcome.passed).length
  const failed = outcomes.length === 0 ? 1 : outcomes.length - passed
  process.exitCode = failed > 0 ? 1 : 0
  console.log(closingLine({ passed, failed }))
}

/** Linters live in a package.json of their own, so that they weigh on no install of Quire. */
async function installLinters(): Promise<boolean> {
  const wanted = readFileSync(here('package-lock.json'), 'utf8')
  const stamp = own('.package-lock.json')
  if (existsSync(stamp) && sameVersions(wanted, readFileSync(stamp, 'utf8'))) return true
  console.log('Installing the linters into test/check (once).')
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here(''), encoding: 'utf8' })
  if (status !== 0) console.log(stderr)
  return status === 0
}

/** Whether every package that npm has put there is of the version that the lock file names. */
function sameVersions(wanted: string, installed: string): boolean {
  const want = versionsOf(wanted)
  return [...versionsOf(installed)].every(([path, version]) => want.get(path) === version)
}

function versionsOf(lock: string): Map<string, string> {
  const { packages } = JSON.parse(lock) as { packages: Record<string, { version?: string }> }
  const named = Object.entries(packages).filter(([path]) => path !== '')
  return new Map(named.map(([path, { version }]) => [path, version ?? '']))
}

function runCheck(check: Check): Promise<Outcome> {
  const startMs = performance.now()
  return new Promise((resolve, reject) => {
    // oxlint looks for the program that knows types beside itself only where it is installed in the root.
    const env = { ...process.env, OXLINT_TSGOLINT_PATH: own('.bin/tsgolint') }
    const child = spawn(process.execPath, check.args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (text: string): void => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ check, output, passed: code === 0, seconds: (performance.now() - startMs) / 1000 })
    })
  })
}

function report({ check, output, passed, seconds }: Outcome): void {
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(14)} ${seconds.toFixed(1).padStart(5)} s`)
  if (!passed || check.shows === true) console.log(output.trimEnd())
}

await main(process.argv.slice(2))
