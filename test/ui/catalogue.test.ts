import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { t } from '../../src/ui/messages.ts'
import { sheet } from '../../src/ui/sheet-messages.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|svelte)$/.test(path) && !path.endsWith('messages.ts'))
    .map((path) => readFileSync(join(src, folder, path), 'utf8'))

/** Paths of all words: "share.copy". */
function leavesOf(tree: object, above = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? leavesOf(value, `${above}${key}.`) : [`${above}${key}`]
  )
}

/** Paths that a source names, by the catalogue or by a name that it gives to a part of it; "kinds.*" for any of them. */
function pathsIn(source: string): Set<string> {
  const names = new Map([
    ['t', ''],
    ['sheet', '']
  ])
  for (const [, name, path] of source.matchAll(/\bconst (\w+)(?:: [\w<>, ]+)? = (?:t|sheet)\.([\w.]+)/g))
    names.set(name!, `${path}.`)
  const found = new Set<string>()
  for (const [, name, path = '', bracket] of source.matchAll(/(?<![\w.$])(\w+)((?:\.\w+)*)(\[)?/g)) {
    const above = names.get(name!)
    if (above === undefined || path + (bracket ?? '') === '') continue
    found.add(`${above.slice(0, -1)}${path}${bracket ? '.*' : ''}`.replace(/^\./, ''))
  }
  return found
}

const used = new Set(sourcesIn('ui').flatMap((source) => [...pathsIn(source)]))
/** A path also uses what it goes through: "lang" of "lang.length". */
const uses = (leaf: string): boolean =>
  used.has(`${leaf.slice(0, leaf.lastIndexOf('.'))}.*`) ||
  [...used].some((path) => path === leaf || path.startsWith(`${leaf}.`))

describe('the catalogue', () => {
  it('holds no words that nothing says', () => {
    // Errors have the test below; the catalogue itself formats numbers.
    const leaves = [...leavesOf(t), ...leavesOf(sheet)].filter((leaf) => !/^(errors|format)\./.test(leaf))
    expect(leaves.length).toBeGreaterThan(150)
    expect(leaves.filter((leaf) => !uses(leaf))).toEqual([])
  })

  it('has words for no error that cannot happen', () => {
    const everything = ['core', 'store', 'engine', 'network', 'ui'].flatMap(sourcesIn).join('\n')
    expect(Object.keys(t.errors).filter((code) => !everything.includes(`'${code}'`))).toEqual([])
  })
})
