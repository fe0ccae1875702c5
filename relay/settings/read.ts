import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { configBytesMax } from '../../src/core/limits.ts'
import { BadCommand, BadConfigFile, BadSetting, UnknownSetting } from '../errors.ts'
import type { Kind } from './kinds.ts'
import { changesBetween, nearest } from './nearest.ts'

/** One setting of a program, and its names. In a file it has the name of its place in the table. */
export interface Setting<T> {
  readonly kind: Kind<T>
  readonly flag?: string
  readonly env?: string
  readonly fallback: T
  /** A switch whose flag and variable turn it off, as in `--no-keeper`. */
  readonly isOff?: boolean
}

/** A setting that has no value unless one is given. */
export const optional = <T>(setting: Omit<Setting<T>, 'fallback'>): Setting<T | undefined> => ({
  ...setting,
  fallback: undefined
})

export type Settings = Readonly<Record<string, Setting<unknown>>>

export type Values<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** What a person gave, with the name by which it was given. */
interface Given {
  readonly name: string
  readonly value: unknown
}

/**
 * Settings from defaults, a JSON file, the environment and the command line, the later before the earlier. The file is
 * named by `--config` or QUIRE_CONFIG. [RL1]
 */
export function readSettings<S extends Settings>(
  table: S,
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  command: string
): Values<S> {
  checkVariables(table, env)
  const flags = flagsOf(table, args, command)
  const path = flags.get('config') ?? (env.QUIRE_CONFIG || undefined)
  const file = path === undefined ? {} : readFile(table, path)
  const values = Object.entries(table).map(([key, setting]) => {
    const given = fromFlag(setting, flags) ?? fromVariable(setting, env) ?? fromFile(setting, key, file, path ?? '')
    return [key, given ?? setting.fallback]
  })
  return Object.fromEntries(values) as Values<S>
}

/** Other programs of Quire have variables of their own, so that only one which is nearly ours is an error. */
function checkVariables(table: Settings, env: NodeJS.ProcessEnv): void {
  const known = [...Object.values(table).flatMap(({ env: name }) => name ?? []), 'QUIRE_CONFIG']
  for (const name of Object.keys(env)) {
    if (!name.startsWith('QUIRE_') || known.includes(name)) continue
    const meant = known.find((each) => changesBetween(name, each) <= 2)
    if (meant) throw new UnknownSetting(name, meant)
  }
}

/** Values by flag; a switch has none. */
function flagsOf(table: Settings, args: readonly string[], command: string): Map<string, string | undefined> {
  const settings = Object.values(table).filter(({ flag }) => flag !== undefined)
  const switches = new Map(settings.map(({ flag, kind }) => [flag!, kind.isSwitch === true]))
  switches.set('config', false)
  const options = Object.fromEntries(
    [...switches].map(([flag, isSwitch]) => [flag, { type: isSwitch ? ('boolean' as const) : ('string' as const) }])
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const flags = new Map<string, string | undefined>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new BadCommand(`${command} takes no "${token.value}".`)
    if (token.kind !== 'option') continue
    const isSwitch = switches.get(token.name)
    if (isSwitch === undefined) {
      const meant = nearest(token.name, [...switches.keys()])
      throw new UnknownSetting(token.rawName, meant && `--${meant}`)
    }
    if (isSwitch && token.value !== undefined) throw new BadSetting(token.rawName, token.value, 'given alone')
    if (!isSwitch && token.value === undefined) throw new BadSetting(token.rawName, '', 'followed by a value')
    flags.set(token.name, token.value)
  }
  return flags
}

function fromFlag({ kind, flag, isOff }: Setting<unknown>, flags: ReadonlyMap<string, string | undefined>): unknown {
  if (flag === undefined || !flags.has(flag)) return undefined
  const value = flags.get(flag)
  if (value === undefined) return isOff !== true
  return checked(kind, { name: `--${flag}`, value }, kind.fromText(value))
}

function fromVariable({ kind, env: name, isOff }: Setting<unknown>, env: NodeJS.ProcessEnv): unknown {
  const value = name === undefined ? '' : (env[name] ?? '')
  if (value === '') return undefined
  const read = checked(kind, { name: name!, value }, kind.fromText(value))
  return isOff ? !read : read
}

function fromFile({ kind }: Setting<unknown>, key: string, file: Record<string, unknown>, path: string): unknown {
  if (!(key in file)) return undefined
  return checked(kind, { name: `"${key}" in ${path}`, value: file[key] }, kind.fromJson(file[key]))
}

function checked(kind: Kind<unknown>, { name, value }: Given, read: unknown): unknown {
  if (read !== undefined) return read
  const shown = typeof value === 'string' ? value : JSON.stringify(value)
  throw new BadSetting(name, kind.isSecret ? '…' : shown, kind.wanted)
}

function readFile(table: Settings, path: string): Record<string, unknown> {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch {
    throw new BadConfigFile(path, 'it cannot be read')
  }
  if (content.length > configBytesMax) throw new BadConfigFile(path, `it is longer than ${configBytesMax} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (cause) {
    throw new BadConfigFile(path, `it is no JSON: ${(cause as Error).message}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new BadConfigFile(path, 'it must hold one JSON object')
  }
  const known = Object.keys(table)
  const unknown = Object.keys(parsed).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new UnknownSetting(`"${unknown}" in ${path}`, nearest(unknown, known))
  return parsed as Record<string, unknown>
}
