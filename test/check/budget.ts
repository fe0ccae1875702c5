/**
 * Builds the page and fails when a first visit weighs more than it may, or when a second build differs from the first.
 * Prints what weighs what.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { buildPageInto } from '../support/build-page.ts'
import { versionOf } from '../../src/sw/vite-plugin.ts'
import { root } from './tree.ts'
import { budgets, weigh } from './weights.ts'

// Not dist: a relay may be serving that just now.
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const [outDir, again] = [mkdtempSync(join(cache, 'budget-')), mkdtempSync(join(cache, 'budget-'))]
try {
  buildPageInto(relative(root, outDir))
  printWeights()
  buildPageInto(relative(root, again))
  compareBuilds()
} catch (thrown) {
  console.log(String(thrown))
  process.exitCode = 1
} finally {
  for (const folder of [outDir, again]) rmSync(folder, { recursive: true, force: true })
}

function printWeights(): void {
  const rows = weigh(outDir, readFileSync(join(outDir, 'index.html'), 'utf8'))
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1).padStart(7)} KiB`
  for (const row of rows) console.log(`${kib(row.bytes)}  ${row.when.padEnd(11)}  ${row.path}`)
  for (const { name, bytesMax, counts } of budgets) {
    const bytes = rows.filter((row) => counts.includes(row.when)).reduce((sum, row) => sum + row.bytes, 0)
    const over = bytes > bytesMax
    console.log(`${kib(bytes)} of ${kib(bytesMax).trim()}  ${name}${over ? ': over its budget' : ''}`)
    if (over) process.exitCode = 1
  }
}

/** Whoever builds a release gets what is served, byte for byte. */
function compareBuilds(): void {
  const [first, second] = [outDir, again].map((folder) => versionOf('', folder).page)
  console.log(`page ${first}`)
  if (first === second) return
  console.log(`a second build differs: ${second}`)
  process.exitCode = 1
}
