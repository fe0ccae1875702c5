import { relayCircuitBytesLeast, relayCircuitBytesMax, relayDrainMs } from '../src/core/limits.ts'
import { BadSetting } from './errors.ts'
import type { TrustedProxies } from './limits/addresses.ts'
import { address, choice, host, number, pageUrl, portOr, proxies, relayNames, text, toggle } from './settings/kinds.ts'
import { optional, readSettings } from './settings/read.ts'

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
  /** Its page's address as others see it, where a proxy stands before it. */
  readonly publicUrl?: string
  /** Other relays, by which all relays find each other; none: it stays alone. */
  readonly bootstrap?: readonly string[]
  /** With a keeper built in. */
  readonly keeper?: boolean
  /** With a TURN server: `auto` where coturn is installed and there is a public host. */
  readonly turn?: 'auto' | 'on' | 'off'
  readonly turnPort?: number
  /** TURN over TLS, with the relay's own certificate. */
  readonly turnTlsPort?: number
  /** Its address on the internet, where a NAT gives this machine one. */
  readonly turnAddress?: string
  /** TURN may lead to private addresses too. */
  readonly turnAllowPrivate?: boolean
  /** UDP port for webrtc-direct; `auto` is the one 1,000 above `port`, and `none`, as where none is given, serves it not. */
  readonly webrtcPort?: number | 'auto' | 'none'
  /** Tell on standard error how much there is to do. */
  readonly log?: boolean
  /** A certificate and its key, PEM, for HTTPS without a proxy. */
  readonly tlsCert?: string
  readonly tlsKey?: string
  /** Proxies whose `X-Forwarded-For` counts. */
  readonly trustProxy?: TrustedProxies
  /** Who has it reads `/metrics` from anywhere; without one, only this machine does. */
  readonly metricsToken?: string
  /** How long SIGTERM lets circuits end. */
  readonly drainSeconds?: number
  /** How much one circuit may carry. */
  readonly circuitBytes?: number
  /** Tell in the log also whom it concerns: addresses and peer ids. */
  readonly logIds?: boolean
}

/** By their names in a file. */
export const relaySettings = {
  port: { kind: number(0, 65_535), flag: 'port', env: 'QUIRE_PORT', fallback: 8787 },
  host: { kind: host, flag: 'host', env: 'QUIRE_HOST', fallback: '::' },
  dataDir: { kind: text, flag: 'data', env: 'QUIRE_DATA', fallback: '.quire' },
  json: { kind: toggle, flag: 'json', fallback: false },
  publicHost: optional({ kind: host, flag: 'public-host', env: 'QUIRE_PUBLIC_HOST' }),
  publicUrl: optional({ kind: pageUrl, flag: 'public-url', env: 'QUIRE_PUBLIC_URL' }),
  bootstrap: { kind: relayNames, flag: 'bootstrap', env: 'QUIRE_BOOTSTRAP', fallback: [] as readonly string[] },
  keeper: { kind: toggle, flag: 'no-keeper', env: 'QUIRE_NO_KEEPER', fallback: true, isOff: true },
  turn: { kind: choice(['auto', 'on', 'off']), flag: 'turn', env: 'QUIRE_TURN', fallback: 'auto' },
  turnPort: { kind: number(0, 65_535), flag: 'turn-port', env: 'QUIRE_TURN_PORT', fallback: 3478 },
  turnTlsPort: { kind: number(0, 65_535), flag: 'turn-tls-port', env: 'QUIRE_TURN_TLS_PORT', fallback: 5349 },
  turnAddress: optional({ kind: address, flag: 'turn-address', env: 'QUIRE_TURN_ADDRESS' }),
  turnAllowPrivate: {
    kind: toggle,
    flag: 'turn-allow-private',
    env: 'QUIRE_TURN_ALLOW_PRIVATE',
    fallback: false
  },
  webrtcPort: { kind: portOr(['auto', 'none']), flag: 'webrtc-port', env: 'QUIRE_WEBRTC_PORT', fallback: 'auto' },
  log: { kind: toggle, flag: 'log', env: 'QUIRE_LOG', fallback: false },
  tlsCert: optional({ kind: text, flag: 'tls-cert', env: 'QUIRE_TLS_CERT' }),
  tlsKey: optional({ kind: text, flag: 'tls-key', env: 'QUIRE_TLS_KEY' }),
  trustProxy: optional({ kind: proxies, flag: 'trust-proxy', env: 'QUIRE_TRUST_PROXY' }),
  // No flag: what stands on a command line is seen by everybody on the machine.
  metricsToken: optional({ kind: text, env: 'QUIRE_METRICS_TOKEN' }),
  drainSeconds: {
    kind: number(0, 600, 'seconds'),
    flag: 'drain-seconds',
    env: 'QUIRE_DRAIN_SECONDS',
    fallback: relayDrainMs / 1000
  },
  circuitBytes: {
    kind: number(relayCircuitBytesLeast, Number.MAX_SAFE_INTEGER, 'bytes'),
    flag: 'circuit-bytes',
    env: 'QUIRE_CIRCUIT_BYTES',
    fallback: relayCircuitBytesMax
  },
  logIds: { kind: toggle, flag: 'log-ids', env: 'QUIRE_LOG_IDS', fallback: false }
} as const

/** Settings from file, environment and command line; throws what would be right. */
export function readConfig(env: NodeJS.ProcessEnv, args: readonly string[]): RelayConfig {
  const config = readSettings(relaySettings, env, args, 'quire relay')
  const { tlsCert, tlsKey } = config
  if (tlsCert !== undefined && tlsKey === undefined) throw new BadSetting('--tls-key', '', 'given with --tls-cert')
  if (tlsKey !== undefined && tlsCert === undefined) throw new BadSetting('--tls-cert', '', 'given with --tls-key')
  const isReached = config.publicHost !== undefined || config.publicUrl !== undefined
  if (config.bootstrap.length > 0 && !isReached) {
    throw new BadSetting(
      '--public-host',
      '',
      'given with --bootstrap, or --public-url: other relays have to reach this one'
    )
  }
  return config
}
