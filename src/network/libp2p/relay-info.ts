import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { isMultiaddr, pageOf, type RelayConfig, type TurnOffer } from '../relay-config.ts'
import { relayAskAgainMs } from '../../core/limits.ts'
import type { NamedKeeper, NamedRelay } from '../types.ts'

/** What it takes to use a relay. */
export interface RelayInfo {
  readonly address: Multiaddr
  readonly stun: readonly RTCIceServer[]
  readonly turn: readonly RTCIceServer[]
  /** When it is to be asked anew, before what it gave runs out. */
  readonly staleAtMs: number
  readonly keepers: readonly NamedKeeper[]
  readonly others: readonly NamedRelay[]
}

/** Where a relay is reached: its WebSocket, its STUN and its TURN are at the host of its page. */
export function relayInfo(url: string, config: RelayConfig, nowMs: number): RelayInfo {
  const { peerId, stunPort, turn, keepers, others } = config
  const base = pageOf(url)
  return {
    address: multiaddr(isMultiaddr(url) ? url : `${socketAddress(base)}/p2p/${peerId}`),
    stun: stunPort ? [{ urls: `stun:${base.hostname}:${stunPort}` }] : [],
    turn: turn ? [turnServer(base.hostname, turn)] : [],
    staleAtMs: nowMs + Math.min(relayAskAgainMs, turn ? turn.lifeMs / 2 : Infinity),
    keepers: keepers.map((keeper) => ({ ...keeper, host: base.host })),
    others
  }
}

function turnServer(hostname: string, { port, tlsPort, username, credential }: TurnOffer): RTCIceServer {
  const urls = ['udp', 'tcp'].map((transport) => `turn:${hostname}:${port}?transport=${transport}`)
  if (tlsPort) urls.push(`turns:${hostname}:${tlsPort}?transport=tcp`)
  return { urls, username, credential }
}

/** The multiaddr of the WebSocket at a page's host and port. */
export function socketAddress(base: URL): string {
  const host = base.hostname.replace(/^\[|\]$/g, '')
  const secure = base.protocol === 'https:'
  const port = base.port || (secure ? '443' : '80')
  const kind = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? 'ip4' : host.includes(':') ? 'ip6' : 'dns'
  return `/${kind}/${host}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}`
}

/** The page at the host and port of such a multiaddr; undefined for one of another kind, or whose host is none for a page. */
export function pageAt(address: Multiaddr): string | undefined {
  const [host, tcp, ...rest] = address.getComponents()
  const kinds = rest.map(({ name }) => name).filter((name) => name !== 'p2p')
  const secure = kinds.join() === 'tls,ws' || kinds.join() === 'wss'
  const isHost = host?.value !== undefined && /^(ip[46]|dns[46]?)$/.test(host.name)
  if (!isHost || tcp?.name !== 'tcp' || (!secure && kinds.join() !== 'ws')) return undefined
  const name = host.name === 'ip6' ? `[${host.value}]` : host.value
  const page = `${secure ? 'https' : 'http'}://${name}:${tcp.value}`
  return URL.canParse(page) ? new URL(page).origin : undefined
}
