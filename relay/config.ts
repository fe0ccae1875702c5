import { BadSetting } from './errors.ts'

export interface RelayConfig {
  readonly port: number
  readonly host: string
  /** Folder for what must outlive a restart. */
  readonly dataDir: string
  /** The line at the start as JSON. */
  readonly json: boolean
  /** Tell on standard error how much there is to do. */
  readonly log?: boolean
}

/** Settings from the environment and the command line; throws BadSetting with what would be right. */
export function readConfig(env: NodeJS.ProcessEnv, args: readonly string[]): RelayConfig {
  return {
    port: portOf(env.QUIRE_PORT),
    host: env.QUIRE_HOST || '::',
    dataDir: env.QUIRE_DATA || '.quire',
    json: args.includes('--json'),
    log: env.QUIRE_LOG === '1'
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === '') return 8787
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new BadSetting('QUIRE_PORT', text, 'a number from 0 to 65535')
  return port
}
