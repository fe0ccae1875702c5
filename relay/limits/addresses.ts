import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { forwardedHopsMax, forwardedTextMax } from '../../src/core/limits.ts'

/** Addresses of proxies whose word on where a request comes from is taken. */
export type TrustedProxies = BlockList

/** Reads `loopback`, addresses and networks such as `10.0.0.0/8`, parted by commas. Undefined when one is none. */
export function readProxies(text: string): TrustedProxies | undefined {
  const list = new BlockList()
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === 'loopback') {
      list.addSubnet('127.0.0.0', 8, 'ipv4')
      list.addAddress('::1', 'ipv6')
      continue
    }
    const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
    const family = isIP(address)
    if (family === 0) return undefined
    const longest = family === 4 ? 32 : 128
    const prefix = bits === undefined ? longest : Number(bits)
    if (prefix > longest) return undefined
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/** An address as it is compared: IPv4 within IPv6 is IPv4, and zones are left out. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')

const isTrusted = (address: string, proxies: TrustedProxies | undefined): boolean =>
  proxies?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') === true

/**
 * Where a request comes from: the nearest address that is no trusted proxy. `X-Forwarded-For` is read from its end, as
 * each proxy adds to it, and no further than the first entry that a trusted proxy did not write or that is no address. [RL9]
 */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies | undefined): string {
  let address = plainAddress(request.socket.remoteAddress ?? '0.0.0.0')
  const forwarded = request.headers['x-forwarded-for']
  if (typeof forwarded !== 'string' || forwarded.length > forwardedTextMax) return address
  const hops = forwarded.split(',').slice(-forwardedHopsMax)
  while (isTrusted(address, proxies) && hops.length > 0) {
    const next = plainAddress(hops.pop()!.trim())
    if (isIP(next) === 0) break
    address = next
  }
  return address
}

/**
 * What limits per address count by: an IPv4 address, or the network of 2⁶⁴ addresses that one customer has of IPv6.
 * Undefined for this machine itself: a proxy that was not named, or the operator. [RL10]
 */
export function limitKey(address: string): string | undefined {
  const plain = plainAddress(address)
  if (isLoopback(plain)) return undefined
  if (isIP(plain) !== 6) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const words = [...before, ...Array<string>(zeros).fill('0'), ...after]
  return words
    .slice(0, 4)
    .map((word) => word.replace(/^0+(?=.)/, ''))
    .join(':')
}

export const isLoopback = (address: string): boolean => address === '::1' || /^127\./.test(address)
