import { nameBytesMax, pathBytesMax, pathNamesMax } from '../limits.ts'
import { utf8Length } from '../proto/utf8.ts'

/** Not allowed in a name on Windows, or misleading in a list: controls, line ends, direction marks, `< > : " | ? *`. */
// eslint-disable-next-line no-control-regex -- control characters are what this looks for
const forbidden = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:"|?*]/g
/** Devices of Windows, with or without an extension. */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i

/**
 * A relative path that is safe to create on any system: forward slashes, NFC, no empty, `.`, `..` or absolute parts,
 * no control characters, no names that Windows reserves, bounded length and depth (beyond, the name is kept and its
 * folders are lost). Never empty; cleaning it again changes nothing. [EN6]
 */
export function cleanPath(path: string): string {
  const names = path
    .toWellFormed()
    .normalize('NFC')
    .replace(/^[a-z]:(?=[\\/])/i, '')
    .split(/[\\/]/)
    .map(cleanName)
    .filter((name) => name !== '')
  const whole = names.join('/')
  const isTooDeep = names.length > pathNamesMax || utf8Length(whole) > pathBytesMax
  if (isTooDeep) return names.at(-1)!
  return whole === '' ? 'unnamed' : whole
}

/** Empty when nothing is left of it. */
function cleanName(name: string): string {
  const cleaned = name.replace(forbidden, '_').replace(/^ +|[. ]+$/g, '')
  return fitName(reserved.test(cleaned) ? `_${cleaned}` : cleaned, '')
}

/** `name` with `suffix` before its extension; the stem is cut so that all of it fits. */
function fitName(name: string, suffix: string): string {
  const whole = withSuffix(name, '', suffix)
  if (utf8Length(whole) <= nameBytesMax) return whole
  const extension = /\.[^. ]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  const room = nameBytesMax - utf8Length(extension + suffix)
  return withSuffix(cutText(stem, room).replace(/[. ]+$/, '') || '_', extension, suffix)
}

function withSuffix(stem: string, extension: string, suffix: string): string {
  if (extension !== '' || suffix === '') return stem + suffix + extension
  const dot = stem.lastIndexOf('.')
  const at = dot > 0 ? dot : stem.length
  return stem.slice(0, at) + suffix + stem.slice(at)
}

/** As many whole characters as fit into `bytesMax`. */
function cutText(text: string, bytesMax: number): string {
  let room = bytesMax
  let end = 0
  for (const char of text) {
    room -= utf8Length(char)
    if (room < 0) break
    end += char.length
  }
  return text.slice(0, end)
}

const foldedOf = (path: string): string => path.toLowerCase()

/**
 * Renames what would overwrite something else: a path given before (also when only case differs), or one that is a
 * folder of another path. "a/name.txt" becomes "a/name (2).txt". `paths` are clean; so is what is returned. [EN7]
 */
export function distinctPaths(paths: readonly string[]): string[] {
  const taken = new Set<string>()
  for (const path of paths) takeFolders(taken, foldedOf(path))
  const nextNumber = new Map<string, number>()
  return paths.map((path) => {
    const distinct = taken.has(foldedOf(path)) ? freeNumbered(path, taken, nextNumber) : path
    taken.add(foldedOf(distinct))
    return distinct
  })
}

function takeFolders(taken: Set<string>, folded: string): void {
  for (let at = folded.lastIndexOf('/'); at > 0; at = folded.lastIndexOf('/', at - 1)) {
    const folder = folded.slice(0, at)
    if (taken.has(folder)) return // and so are those above it
    taken.add(folder)
  }
}

/** Numbers already used are remembered by what they are put on, so that many equal names do not cost their square. */
function freeNumbered(path: string, taken: ReadonlySet<string>, nextNumber: Map<string, number>): string {
  const stem = foldedOf(numbered(path, 0))
  let number = nextNumber.get(stem) ?? 2
  let distinct = numbered(path, number++)
  while (taken.has(foldedOf(distinct))) distinct = numbered(path, number++)
  nextNumber.set(stem, number)
  return distinct
}

function numbered(path: string, number: number): string {
  const nameAt = path.lastIndexOf('/') + 1
  return cleanPath(path.slice(0, nameAt) + fitName(path.slice(nameAt), ` (${number})`))
}
