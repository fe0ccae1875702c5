/**
 * `npm test`: installs what the tests need, runs every project of vitest.config.ts and adds them up.
 *
 *     npm test                    all projects
 *     npm test -- unit            one project
 *     npm test -- test/store      the tests under a path, in whichever project they are
 *
 * The last line is `N passed, N failed`. A project that cannot start, a file that does not load and a test that is
 * skipped all count as failed, so that a green run has really run everything.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeReady, ToolMissingError, toolsOf } from './support/tools.ts'
import { closingLine, readReport, type Tally } from './support/tally.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Projects that open the page, each of which would build it. */
const openPage = ['nat', 'e2e']
let isPageBuilt = false
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))

async function main(words: readonly string[]): Promise<void> {
  const known = Object.keys(toolsOf)
  const named = words.filter((word) => known.includes(word))
  const filters = words.filter((word) => !known.includes(word))
  const projects = named.length > 0 ? named : known
  const reports = mkdtempSync(join(tmpdir(), 'quire-test-'))
  const tallies: Tally[] = []
  try {
    for (const project of projects) tallies.push(await runProject(project, filters, join(reports, `${project}.json`)))
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
  const notes = tallies.flatMap((tally) => tally.notes)
  if (notes.length > 0) console.log(`\n${notes.join('\n')}`)
  const total = { passed: sum(tallies, 'passed'), failed: sum(tallies, 'failed') }
  if (total.passed + total.failed === 0) {
    console.log(`No test matches ${filters.join(' ')}.`)
    total.failed = 1
  }
  process.exitCode = total.failed > 0 ? 1 : 0
  console.log(closingLine(total))
}

/** Runs one project in a process of its own, so that it leaves no memory, server or browser to the next. */
async function runProject(project: string, filters: readonly string[], reportPath: string): Promise<Tally> {
  if (filters.length > 0 && !holdsMatch(project, filters)) return { passed: 0, failed: 0, notes: [] }
  console.log(`\n== ${project}`)
  try {
    makeReady(toolsOf[project] ?? [])
  } catch (thrown) {
    if (!(thrown instanceof ToolMissingError)) throw thrown
    return { passed: 0, failed: 1, notes: [`${project} did not run: ${thrown.message}`] }
  }
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`]
  const status = await exitOf([vitest, ...args, ...filters])
  isPageBuilt ||= status === 0 && openPage.includes(project)
  return readReport(project, readText(reportPath), status)
}

/** Whether a project has a file that the filters match: one that has none needs no browser made ready. */
function holdsMatch(project: string, filters: readonly string[]): boolean {
  const args = [vitest, 'list', '--filesOnly', '--project', project, ...filters]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) throw new Error(`vitest cannot list its files:\n${stderr}`)
  return stdout.trim() !== ''
}

function exitOf(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      // Tests start some hundred programs of the same few hundred modules, each of which would compile them again.
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
        ...(isPageBuilt && { QUIRE_PAGE_IS_BUILT: '1' })
      }
    })
    child.once('error', reject)
    // A process ended by a signal has no exit code of its own.
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function sum(tallies: readonly Tally[], key: 'passed' | 'failed'): number {
  return tallies.reduce((total, tally) => total + tally[key], 0)
}

await main(process.argv.slice(2))
