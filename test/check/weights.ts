import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** When a visitor's browser asks for a file: before anything is drawn, right after, or when a person does something. */
export type When = 'first paint' | 'first load' | 'later'

export interface Weight {
  readonly path: string
  /** Bytes on the wire, gzip; fonts and pictures are compressed already. */
  readonly bytes: number
  readonly when: When
}

const KiB = 1024

export const budgets: readonly {
  readonly name: string
  readonly bytesMax: number
  readonly counts: readonly When[]
}[] = [
  { name: 'before first paint', bytesMax: 60 * KiB, counts: ['first paint'] },
  { name: 'first load in all', bytesMax: 250 * KiB, counts: ['first paint', 'first load'] }
]

/**
 * Files that a first visit does not ask for: the service worker, which comes when all else is there, what opens when a
 * person asks for it, letters beyond ASCII, and those of links and texts that are shown. The screen that a link opens
 * counts: for most people it is the first. `first-visit.test.ts` counts what comes.
 */
const asksLater = [
  /(^|\/)sw\.js$/,
  /\/(Share|Sheet|Help|Note|Invitation|asking|receiving|RemoveDialog|zip-source|memory|into-folder|inter-latin|geist-mono-ascii|transport\.browser)-/
]

/** What of a built page weighs what. `html` is its index.html. */
export function weigh(dist: string, html: string): Weight[] {
  const loaded = new Set(firstPaint(dist, html))
  const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((path) => weighed(path))
    .sort()
  const rows = paths.map((path): Weight => ({ path, bytes: bytesOf(dist, path), when: whenOf(path, loaded) }))
  return rows.sort((a, b) => b.bytes - a.bytes)
}

/** Code, styles and fonts, and the page itself; pictures and the manifest are small and come when all is drawn. */
function weighed(path: string): boolean {
  return /\.(js|css|html|woff2|wasm)$/.test(path)
}

function whenOf(path: string, loaded: ReadonlySet<string>): When {
  if (loaded.has(path)) return 'first paint'
  return asksLater.some((pattern) => pattern.test(path)) ? 'later' : 'first load'
}

/** index.html, what it names, and what those modules import before they run. */
function firstPaint(dist: string, html: string): string[] {
  const named = [...html.matchAll(/<(?:script|link)\b[^>]*\b(?:src|href)="\/([^"]+\.(?:js|css))"/g)]
  const found = new Set(named.map((match) => match[1] ?? ''))
  for (const path of found) {
    if (!path.endsWith('.js')) continue
    const code = readFileSync(join(dist, path), 'utf8')
    // Static imports only: `import(…)` has a bracket before its quote.
    for (const match of code.matchAll(/\b(?:import|from)\s*["']\.\/([^"']+\.js)["']/g)) found.add(`assets/${match[1]}`)
  }
  return ['index.html', ...found]
}

function bytesOf(dist: string, path: string): number {
  const bytes = readFileSync(join(dist, path))
  return path.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length
}
