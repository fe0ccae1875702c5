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
export async function dialFilter(
  own: readonly Multiaddr[],
  find: FindAddresses = findAddresses
): Promise<(address: Multiaddr) => Promise<boolean>> {
  if ((await Promise.all(own.map((each) => placeOf(each, find)))).includes('inside')) return () => Promise.resolve(true)
  return async (address) => (await placeOf(address, find)) === 'outside'
}

/** A name's addresses, as the DNS has them now. */
type FindAddresses = (name: string) => Promise<readonly string[]>

const findAddresses: FindAddresses = async (name) => (await lookup(name, { all: true })).map(({ address }) => address)

/** `nowhere` is a name that is not known just now: who gave it may have it lead anywhere by the time of a dial. */
async function placeOf(address: Multiaddr, find: FindAddresses): Promise<'inside' | 'outside' | 'nowhere'> {
  const [first] = address.getComponents()
  const host = first?.value
  if (host === undefined) return 'inside'
  const isName = first!.name.startsWith('dns')
  if (!isName && first!.name !== 'ip4' && first!.name !== 'ip6') return 'inside'
  const found = isName ? await find(host).catch(() => []) : [host]
  if (found.length === 0) return 'nowhere'
  return found.some(isInside) ? 'inside' : 'outside'
}

const isInside = (host: string): boolean => isPrivateIp(host) === true || /^(?:127\.|0\.|::1$|::$|::ffff:)/i.test(host)
