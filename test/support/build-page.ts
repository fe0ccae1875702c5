import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url))

/**
 * Builds the page as `npm run build` does, into `outDir` (dist if none is named). A process of its own, since a test
 * runner's NODE_ENV would give a page with development code in it.
 */
export function buildPageInto(outDir?: string): void {
  const env = { ...process.env }
  delete env['NODE_ENV']
  const place = outDir === undefined ? [] : ['--outDir', outDir, '--emptyOutDir']
  execFileSync(process.execPath, [vite, 'build', '--logLevel', 'warn', ...place], { cwd: root, env, stdio: 'inherit' })
}

/** Before end-to-end tests: the page that they open is built from the sources of now, or was, a project ago. */
export default function buildPage(): void {
  if (process.env['QUIRE_PAGE_IS_BUILT'] !== '1') buildPageInto()
}
