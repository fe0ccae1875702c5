import { posix } from 'node:path'

/** What each room may import, besides itself: rooms, and single files. A room that is not named may import everything. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/core': [],
  'src/store': ['src/core'],
  'src/network': ['src/core'],
  'src/engine': ['src/core', 'src/store', 'src/network', 'src/trusted-types.ts'],
  // The engine's words are in part the network's; nothing else of the network is the interface's business.
  'src/ui': ['src/core', 'src/engine', 'src/network/types.ts', 'src/trusted-types.ts'],
  'src/sw': ['src/core', 'src/store', 'src/engine'],
  'src': ['src/core', 'src/store', 'src/network', 'src/engine', 'src/ui', 'src/sw'],
  'relay': ['src', 'src/core', 'src/store', 'src/network', 'src/engine']
}

/** The only packages that core may import: it runs wherever JavaScript does. */
const packagesOfCore = ['@noble/hashes']

/**
 * Why `file` (a path from the root of the checkout) may not import `specifier`, or undefined if it may.
 * The arrows are those of the rooms: core ← store, network ← engine ← ui, sw, relay.
 */
export function arrowFault(file: string, specifier: string): string | undefined {
  const from = roomOf(file)
  const rooms = from === undefined ? undefined : allowed[from]
  if (from === undefined || rooms === undefined) return undefined
  if (!specifier.startsWith('.')) return packageFault(from, specifier)
  const target = posix.join(posix.dirname(file), specifier)
  const to = roomOf(target)
  if (to === undefined) {
    const outside = target.startsWith('test/') || target.startsWith('../')
    return outside ? `${from} imports nothing from ${posix.dirname(target)}.` : undefined
  }
  if (to === from || rooms.includes(to) || rooms.includes(target)) return undefined
  return `${from} does not know ${to}; it may import ${rooms.join(', ') || 'nothing but itself'}.`
}

function packageFault(from: string, specifier: string): string | undefined {
  if (from !== 'src/core') return undefined
  const known = packagesOfCore.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  return known ? undefined : `src/core imports no package but ${packagesOfCore.join(', ')}.`
}

/** The room that a path lies in: a folder of src, src itself for the files directly in it, or relay. */
function roomOf(path: string): string | undefined {
  const [top, second, third] = path.split('/')
  if (top === 'relay') return 'relay'
  if (top !== 'src') return undefined
  return third === undefined || second === undefined ? 'src' : `src/${second}`
}
