import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { pageOf, type RelayConfig } from '../relay-config.ts'
import type { NamedKeeper } from '../types.ts'

/** What it takes to use a relay. */
export interface RelayInfo {
  readonly address: Multiaddr
  readonly iceServers: readonly RTCIceServer[]
  readonly keepers: readonly NamedKeeper[]
}

/** Where a relay is reached: its WebSocket and its STUN are at the host of its page. */
export function relayInfo(url: string, { peerId, stunPort, keepers }: RelayConfig): RelayInfo {
  const base = pageOf(url)
  const host = base.hostname.replace(/^\[|\]$/g, '')
  const iceServers = stunPort ? [{ urls: `stun:${host.includes(':') ? `[${host}]` : host}:${stunPort}` }] : []
  const address = multiaddr(`${socketAddress(base, host)}/p2p/${peerId}`)
  return { address, iceServers, keepers: keepers.map((keeper) => ({ ...keeper, host: base.host })) }
}

function socketAddress(base: URL, host: string): string {
  const secure = base.protocol === 'https:'
  const port = base.port || (secure ? '443' : '80')
  const kind = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? 'ip4' : host.includes(':') ? 'ip6' : 'dns'
  return `/${kind}/${host}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}`
}
