import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { relayConfigBytesMax, relayTimeoutMs } from '../../core/limits.ts'
import { NotARelay } from '../errors.ts'

/** What a tab needs to know of a relay, from its `/config.json`. */
export interface RelayInfo {
  readonly url: string
  readonly peerId: string
  readonly address: Multiaddr
  readonly iceServers: readonly RTCIceServer[]
}

/** Asks a relay who it is. `url` is that of its page; its WebSocket is at the same host and port. */
export async function fetchRelayInfo(url: string): Promise<RelayInfo> {
  const base = new URL(url.replace(/^ws/, 'http'))
  const config = await fetchConfig(new URL('config.json', base.href.replace(/\/?$/, '/')))
  const peerId =
    typeof config.peerId === 'string' && /^[A-Za-z0-9]{40,80}$/.test(config.peerId) ? config.peerId : undefined
  if (!peerId) throw new NotARelay('it does not say who it is')
  const stunPort = typeof config.stunPort === 'number' ? config.stunPort : undefined
  const host = base.hostname.replace(/^\[|\]$/g, '')
  const iceServers = stunPort ? [{ urls: `stun:${host.includes(':') ? `[${host}]` : host}:${stunPort}` }] : []
  return { url, peerId, address: multiaddr(`${socketAddress(base, host)}/p2p/${peerId}`), iceServers }
}

async function fetchConfig(url: URL): Promise<Record<string, unknown>> {
  let text: string
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(relayTimeoutMs), cache: 'no-store' })
    if (!response.ok) throw new NotARelay(`it answers ${response.status}`)
    text = await response.text()
  } catch (cause) {
    throw cause instanceof NotARelay ? cause : new NotARelay('it does not answer', { cause })
  }
  try {
    if (text.length > relayConfigBytesMax) throw new NotARelay('its answer is too long')
    const config: unknown = JSON.parse(text)
    if (typeof config === 'object' && config !== null) return config as Record<string, unknown>
  } catch (cause) {
    throw new NotARelay('its answer makes no sense', { cause })
  }
  throw new NotARelay('its answer makes no sense')
}

function socketAddress(base: URL, host: string): string {
  const secure = base.protocol === 'https:'
  const port = base.port || (secure ? '443' : '80')
  const kind = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? 'ip4' : host.includes(':') ? 'ip6' : 'dns'
  return `/${kind}/${host}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}`
}
