import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout, with a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Paths from the root of what git keeps, and of what it would keep if it were added now. */
export function trackedFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const paths = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0')
  return [...new Set(paths)].filter((path) => path !== '' && existsSync(join(root, path))).sort()
}
