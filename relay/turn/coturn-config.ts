import { resolve } from 'node:path'
import {
  turnAllocationsMax,
  turnBytesPerSecondMax,
  turnRelayPortMax,
  turnRelayPortMin,
  turnUserAllocationsMax
} from '../../src/core/limits.ts'
import type { TlsFiles } from '../tls.ts'

export interface CoturnSettings {
  readonly port: number
  /** Over TLS too, where there is a certificate. */
  readonly tls: (TlsFiles & { readonly port: number }) | undefined
  /** Of the relay; every address of the machine where it is `::` or `0.0.0.0`. */
  readonly host: string
  readonly secret: string
  /** Where coturn may keep what it wants to keep. */
  readonly dir: string
  readonly allowPrivate: boolean
  /** Its address on the internet, where a NAT gives it one. */
  readonly externalAddress?: string
}

const ipv4NotForStrangers = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255'],
  ['127.0.0.0', '127.255.255.255'],
  ['169.254.0.0', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['224.0.0.0', '255.255.255.255']
] as const

/** Addresses that lead to this machine, a network of somebody's own, one cable, or many at once. [TU6] */
const notForStrangers = [
  ...ipv4NotForStrangers.flatMap(([first, last]) => [`${first}-${last}`, `::ffff:${first}-::ffff:${last}`]),
  // Not from `::` on: coturn takes a range that begins there to hold every IPv4 address.
  '::1-::ffff:ffff',
  '64:ff9b::-64:ff9b::ffff:ffff',
  'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
]

/** The file of settings that coturn is started with; it holds the secret, so that no command line does. */
export function coturnConfig(settings: CoturnSettings): string {
  const { port, tls, host, secret, dir, allowPrivate, externalAddress } = settings
  const everywhere = host === '::' || host === '0.0.0.0'
  return [
    `listening-port=${port}`,
    everywhere ? '' : `listening-ip=${host}`,
    externalAddress === undefined ? '' : `external-ip=${externalAddress}`,
    `min-port=${turnRelayPortMin}`,
    `max-port=${turnRelayPortMax}`,
    'realm=quire',
    'use-auth-secret',
    `static-auth-secret=${secret}`,
    `user-quota=${turnUserAllocationsMax}`,
    `total-quota=${turnAllocationsMax}`,
    `max-bps=${turnBytesPerSecondMax}`,
    'stale-nonce',
    'fingerprint',
    'no-software-attribute',
    'no-rfc5780',
    'no-cli',
    ...(tls
      ? [
          `tls-listening-port=${tls.port}`,
          `cert=${resolve(tls.cert)}`,
          `pkey=${resolve(tls.key)}`,
          'no-tlsv1',
          'no-tlsv1_1'
        ]
      : ['no-tls']),
    'no-dtls',
    'no-tcp-relay',
    'no-multicast-peers',
    ...(allowPrivate ? [] : notForStrangers.map((range) => `denied-peer-ip=${range}`)),
    `userdb=${dir}/turndb`,
    'log-file=stdout',
    'simple-log'
  ]
    .filter((line) => line !== '')
    .map((line) => `${line}\n`)
    .join('')
}
