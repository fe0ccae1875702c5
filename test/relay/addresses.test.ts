import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { AddressCounts } from '../../relay/limits/address-budgets.ts'
import { clientAddress, limitKey, readProxies } from '../../relay/limits/addresses.ts'
import { forwardedTextMax } from '../../src/core/limits.ts'

const from = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage

const proxies = readProxies('loopback, 10.0.0.0/8, 2001:db8::/32')

describe('the address of a client', () => {
  it.each<[string, string | undefined, string, string]>([
    ['203.0.113.7', '198.51.100.1', '203.0.113.7', 'whoever is no proxy speaks for nobody'],
    ['10.1.2.3', '198.51.100.1', '198.51.100.1', 'a proxy does'],
    ['::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1', 'also where it comes as IPv6'],
    ['::1', '198.51.100.1, 10.0.0.9, 127.0.0.1', '198.51.100.1', 'several proxies in a row do'],
    ['127.0.0.1', '9.9.9.9, 198.51.100.1', '198.51.100.1', 'what stands before the nearest stranger is its own word'],
    ['127.0.0.1', '198.51.100.1, nonsense', '127.0.0.1', 'nothing beyond an entry that is no address'],
    ['127.0.0.1', '198.51.100.1:443', '127.0.0.1', 'nor of an address with something to it'],
    ['2001:db8::1', '2a00::5', '2a00::5', 'a proxy with IPv6'],
    [
      '127.0.0.1',
      `${'1.2.3.4, '.repeat(forwardedTextMax)}5.6.7.8`,
      '127.0.0.1',
      'a header that is too long counts for nothing'
    ],
    ['127.0.0.1', undefined, '127.0.0.1', 'a proxy that says nothing']
  ])('[RL9] %s with "%s" is %s: %s', (remote, forwarded, address, _why) => {
    expect(clientAddress(from(remote, forwarded), proxies)).toBe(address)
  })

  it('[RL9] is that of the socket where no proxy is trusted', () => {
    expect(clientAddress(from('127.0.0.1', '198.51.100.1'), undefined)).toBe('127.0.0.1')
  })

  it.each(['10.0.0.0/33', '::1/129', 'proxy.example', '', '10.0.0.0/8,', '10.0.0/8'])(
    '[RL2] "%s" names no proxies',
    (text) => {
      expect(readProxies(text)).toBeUndefined()
    }
  )

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2a00:1450:4001:082a::200e', '2a00:1450:4001:82a'],
    ['2a00:1450:4001:82a:1:2:3:4', '2a00:1450:4001:82a'],
    ['2a00::1', '2a00:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['127.0.0.1', undefined],
    ['::1', undefined]
  ])('[RL10] counts %s by %s', (address, key) => {
    expect(limitKey(address)).toBe(key)
  })

  it('[RL10] is counted for as long as it has something open', () => {
    const counts = new AddressCounts(2)
    expect([counts.enter('a'), counts.enter('a'), counts.enter('a'), counts.enter('b')]).toEqual([
      true,
      true,
      false,
      true
    ])
    counts.leave('a')
    expect(counts.enter('a')).toBe(true)
    expect(Array.from({ length: 9 }, () => counts.enter(undefined))).not.toContain(false)
  })
})
