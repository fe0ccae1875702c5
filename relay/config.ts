import { host, number, text, toggle } from './settings/kinds.ts'
import { readSettings, type Setting } from './settings/read.ts'

/** Settings of a relay; all but the first four have defaults. */
export interface RelayConfig {
  readonly port: number
  readonly host: string
  /** Folder for what must outlive a restart. */
  readonly dataDir: string
  /** The line at the start as JSON. */
  readonly json: boolean
  /** Host name or address by which others reach it; `localhost` where there is none. */
  readonly publicHost?: string
  /** With a keeper built in. */
  readonly keeper?: boolean
  /** Tell on standard error how much there is to do. */
  readonly log?: boolean
  /** Tell in the log also whom it concerns: addresses and peer ids. */
  readonly logIds?: boolean
}

const optional = <T>(setting: Omit<Setting<T>, 'fallback'>): Setting<T | undefined> => ({
  ...setting,
  fallback: undefined
})

const settings = {
  port: { kind: number(0, 65_535), flag: 'port', env: 'QUIRE_PORT', fallback: 8787 },
  host: { kind: host, flag: 'host', env: 'QUIRE_HOST', fallback: '::' },
  dataDir: { kind: text, flag: 'data', env: 'QUIRE_DATA', fallback: '.quire' },
  json: { kind: toggle, flag: 'json', fallback: false },
  publicHost: optional({ kind: host, flag: 'public-host', env: 'QUIRE_PUBLIC_HOST' }),
  keeper: { kind: toggle, flag: 'no-keeper', env: 'QUIRE_NO_KEEPER', fallback: true, isOff: true },
  log: { kind: toggle, flag: 'log', env: 'QUIRE_LOG', fallback: false },
  logIds: { kind: toggle, flag: 'log-ids', env: 'QUIRE_LOG_IDS', fallback: false }
} as const

/** Settings from file, environment and command line; throws what would be right. */
export function readConfig(env: NodeJS.ProcessEnv, args: readonly string[]): RelayConfig {
  return readSettings(settings, env, args, 'quire relay')
}
