import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isPrivateIp } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { socketAddress } from '../../src/network/libp2p/relay-info.ts'
import type { RelayConfig } from '../config.ts'

/** Where other relays, and tabs of other relays, reach this one; none where its operator named nothing. [RL19] */
export function publicAddresses({ publicUrl, publicHost, tlsCert }: RelayConfig, port: number): Multiaddr[] {
  if (publicUrl !== undefined) return [multiaddr(socketAddress(new URL(publicUrl)))]
  if (publicHost === undefined) return []
  const host = isIP(publicHost) === 6 ? `[${publicHost}]` : publicHost
  return [multiaddr(socketAddress(new URL(`${tlsCert === undefined ? 'http' : 'https'}://${host}:${port}`)))]
}

/**
 * Whether a relay may dial an address that a stranger named. One on the internet dials nothing within private networks:
 * it would knock for others at doors that are open to it alone. One that is itself in such a network does. [RN12]
 */
export async function dialFilter(own: readonly Multiaddr[]): Promise<(address: Multiaddr) => Promise<boolean>> {
  if ((await Promise.all(own.map(leadsInside))).includes(true)) return () => Promise.resolve(true)
  return async (address) => !(await leadsInside(address))
}

async function leadsInside(address: Multiaddr): Promise<boolean> {
  const [first] = address.getComponents()
  const host = first?.value
  if (host === undefined) return true
  if (first!.name === 'ip4' || first!.name === 'ip6') return isInside(host)
  if (!first!.name.startsWith('dns')) return true
  // A name that nobody knows leads nowhere: the dial says so.
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.some(({ address: each }) => isInside(each))
}

const isInside = (host: string): boolean => isPrivateIp(host) === true || /^(?:127\.|0\.|::1$|::$|::ffff:)/i.test(host)
