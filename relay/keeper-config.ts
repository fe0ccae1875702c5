import type { PeerId } from '../src/core/ids.ts'
import type { KeepPolicy } from '../src/core/keep/types.ts'
import { defaultLimitBytes, keepTermMsMax } from '../src/core/limits.ts'
import { bucket, host, list, number, origins, peerIds, relayNames, text, toggle } from './settings/kinds.ts'
import { optional, readSettings, type Values } from './settings/read.ts'
import { BadSetting, TokenMissing } from './errors.ts'

const bytes = number(0, Number.MAX_SAFE_INTEGER, 'bytes')
const dayMs = 24 * 60 * 60_000
const termDaysMax = keepTermMsMax / dayMs

/** By their names in a file. */
export const keeperSettings = {
  restPort: { kind: number(0, 65_535), flag: 'rest-port', env: 'QUIRE_REST_PORT', fallback: 8080 },
  /** Where the API listens; anything but this machine itself takes a token, or certificates of clients. */
  restHost: { kind: host, flag: 'rest-host', env: 'QUIRE_REST_HOST', fallback: '127.0.0.1' },
  restToken: optional({ kind: text, flag: 'rest-token', env: 'QUIRE_REST_TOKEN' }),
  /** A certificate and its key, PEM: the API speaks TLS. */
  restTlsCert: optional({ kind: text, flag: 'rest-tls-cert', env: 'QUIRE_REST_TLS_CERT' }),
  restTlsKey: optional({ kind: text, flag: 'rest-tls-key', env: 'QUIRE_REST_TLS_KEY' }),
  /** Clients show a certificate that one of these signed, PEM. */
  restClientCa: optional({ kind: text, flag: 'rest-client-ca', env: 'QUIRE_REST_CLIENT_CA' }),
  /** Web pages that may use the API, by their origins. */
  allowOrigins: { kind: origins, flag: 'allow-origin', env: 'QUIRE_ALLOW_ORIGIN', fallback: [] as readonly string[] },
  dataDir: { kind: text, flag: 'data', env: 'QUIRE_DATA', fallback: '.quire-keeper' },
  quotaBytes: { kind: bytes, flag: 'quota', env: 'QUIRE_QUOTA', fallback: defaultLimitBytes },
  /** What one peer may hand over, and one data set take; a tenth of the quota where it is not said. */
  peerQuotaBytes: optional({ kind: bytes, flag: 'peer-quota', env: 'QUIRE_PEER_QUOTA' }),
  dataSetMaxBytes: optional({ kind: bytes, flag: 'data-set-max', env: 'QUIRE_DATA_SET_MAX' }),
  /** How long it promises to keep something, at most. */
  termDays: { kind: number(1, termDaysMax, 'days'), flag: 'term-days', env: 'QUIRE_TERM_DAYS', fallback: termDaysMax },
  /** It keeps for nobody but those who show an invitation, or are of `allowPeers`. */
  byInvitation: { kind: toggle, flag: 'by-invitation', env: 'QUIRE_BY_INVITATION', fallback: false },
  /** It keeps for nobody but these, and those who are invited. */
  allowPeers: { kind: peerIds, flag: 'allow-peers', env: 'QUIRE_ALLOW_PEERS', fallback: [] as readonly PeerId[] },
  /** Where blocks lie instead of the disk. */
  bucket: optional({ kind: bucket, flag: 's3', env: 'QUIRE_S3' }),
  relays: { kind: list, flag: 'relay', env: 'QUIRE_RELAY', fallback: [] as readonly string[] },
  /** Relays of a DHT, by which it finds others: it uses a few of them beside those of `relays`, or instead. */
  bootstrap: { kind: relayNames, flag: 'bootstrap', env: 'QUIRE_BOOTSTRAP', fallback: [] as readonly string[] },
  /** Tabs that look for keepers are not told of it. */
  unlisted: { kind: toggle, flag: 'unlisted', env: 'QUIRE_UNLISTED', fallback: false },
  listen: { kind: list, flag: 'listen', env: 'QUIRE_LISTEN', fallback: ['/ip4/0.0.0.0/tcp/0'] as readonly string[] },
  json: { kind: toggle, flag: 'json', fallback: false },
  log: { kind: toggle, flag: 'log', env: 'QUIRE_LOG', fallback: false }
} as const

/** Settings of a keeper; all have defaults. */
export type KeeperConfig = Values<typeof keeperSettings>

const loopback = ['127.0.0.1', '::1', 'localhost']

export const isLoopback = (name: string): boolean => loopback.includes(name)

/** Settings from file, environment and command line; throws what would be right, and TokenMissing. */
export function readKeeperConfig(env: NodeJS.ProcessEnv, args: readonly string[]): KeeperConfig {
  const config = readSettings(keeperSettings, env, args, 'quire keeper')
  const { restHost, restToken, restTlsCert, restTlsKey, restClientCa } = config
  requireWith('rest-tls-key', restTlsKey, 'rest-tls-cert', restTlsCert)
  requireWith('rest-tls-cert', restTlsCert, 'rest-tls-key', restTlsKey)
  requireWith('rest-tls-cert', restTlsCert, 'rest-client-ca', restClientCa)
  requireWithin('peer-quota', config.peerQuotaBytes, config.quotaBytes)
  requireWithin('data-set-max', config.dataSetMaxBytes, config.quotaBytes)
  if (!isLoopback(restHost) && restToken === undefined && restClientCa === undefined) throw new TokenMissing(restHost)
  return config
}

function requireWith(needed: string, value: string | undefined, given: string, by: string | undefined): void {
  if (by !== undefined && value === undefined) throw new BadSetting(`--${needed}`, '', `given with --${given}`)
}

function requireWithin(name: string, bytesMax: number | undefined, quotaBytes: number): void {
  if (bytesMax !== undefined && bytesMax > quotaBytes)
    throw new BadSetting(`--${name}`, String(bytesMax), `at most --quota, which is ${quotaBytes}`)
}

/** What it keeps, and for whom besides those who show one of `tokens`: for all, unless it is told otherwise. */
export function policyOf(config: KeeperConfig): KeepPolicy {
  const { quotaBytes, peerQuotaBytes, dataSetMaxBytes, termDays, allowPeers } = config
  const share = Math.ceil(quotaBytes / 10)
  return {
    bytesMax: quotaBytes,
    peerBytesMax: peerQuotaBytes ?? share,
    dataSetBytesMax: dataSetMaxBytes ?? share,
    termMsMax: termDays * dayMs,
    ...(allowPeers.length > 0 && { peers: allowPeers })
  }
}
