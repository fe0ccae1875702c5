/** Fails where the same lines stand in two places of the product's code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findDuplicates, type SourceText } from './duplicate-lines.ts'
import { root, trackedFiles } from './tree.ts'

const paths = trackedFiles().filter((path) => /^(src|relay)\/.*\.(ts|svelte)$/.test(path))
const sources: SourceText[] = paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
const found = findDuplicates(sources)
for (const { first, second, lines } of found) {
  console.log(`${lines} lines stand twice: ${first.path}:${first.line} and ${second.path}:${second.line}`)
}
process.exitCode = found.length > 0 ? 1 : 0
