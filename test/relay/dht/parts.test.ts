import type { Connection, Stream } from '@libp2p/interface'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { Key } from 'interface-datastore'
import { afterAll, describe, expect, it } from 'vitest'
import { idleConnections } from '../../../relay/circuits.ts'
import { dialFilter, publicAddresses } from '../../../relay/dht/addresses.ts'
import { findBootstrap } from '../../../relay/dht/bootstrap.ts'
import { guarded, swarmKey } from '../../../relay/dht/dht.ts'
import { DrawnRelays } from '../../../relay/dht/drawn-relays.ts'
import { ProviderStore } from '../../../relay/dht/provider-store.ts'
import type { SwarmId } from '../../../src/core/ids.ts'
import {
  bootstrapMax,
  dhtRequestBurst,
  dhtRequestsPerSecond,
  providersMax,
  providersPerRelayMax,
  providersPerSwarmMax,
  providerTtlMs,
  relayIdleMs
} from '../../../src/core/limits.ts'
import { startDns } from '../../support/dns-server.ts'
import { startRelayNetwork } from '../../support/relay-network.ts'

/** Ports that this process listens at by TCP. */
const portCount = (): number => process.getActiveResourcesInfo().filter((each) => each === 'TCPServerWrap').length

const portsBefore = portCount()
const net = await startRelayNetwork(1)
const [relay] = net.relays
const portsOfOne = portCount() - portsBefore

afterAll(() => net[Symbol.asyncDispose]())

describe('who asks the DHT too much', () => {
  class Request extends EventTarget {
    isCut = false
    abort(): void {
      this.isCut = true
    }
  }

  it('[RN11] has what goes beyond cut, while others are served, and so many more a second later', async () => {
    let nowMs = 0
    const refused: unknown[] = []
    let served = 0
    const parts = {
      refuse: (_limit: string, connection?: unknown) => void refused.push(connection),
      onRequest: () => undefined
    }
    const handle = guarded(
      () => void served++,
      parts,
      () => nowMs
    )
    const ask = async (connection: Connection, count: number): Promise<number> => {
      const requests = Array.from({ length: count }, () => new Request())
      for (const request of requests) await handle(request as unknown as Stream, connection)
      return requests.filter(({ isCut }) => isCut).length
    }
    const [flooder, other] = [{} as Connection, {} as Connection]
    expect(await ask(flooder, dhtRequestBurst)).toBe(0)
    expect(await ask(flooder, 10)).toBe(10)
    expect(refused).toEqual(Array.from({ length: 10 }, () => flooder))
    expect(await ask(other, 10)).toBe(0)
    nowMs = 1_000
    expect(await ask(flooder, dhtRequestsPerSecond + 1)).toBe(1)
    expect(served).toBe(dhtRequestBurst + 10 + dhtRequestsPerSecond)
  })
})

describe('what a relay remembers for the DHT', () => {
  const key = (swarm: number | string, relayName: number | string) =>
    new Key(`/dht/provider/a${letters(swarm)}/${relayName}`)
  const letters = (swarm: number | string) => String(swarm).replaceAll(/\d/g, (digit) => 'bcdefghijk'[Number(digit)]!)
  const value = Uint8Array.of(7)
  const relaysOf = (store: ProviderStore, swarm: number | string) =>
    [...store.query({ prefix: `/dht/provider/a${letters(swarm)}` })].map(({ key: each }) => each.name())

  it('[RN10] is which relays serve a key, until it expires, and nothing else', () => {
    let nowMs = 0
    const store = new ProviderStore(() => nowMs)
    store.put(key(1, 'x'), value)
    store.put(key(1, 'y'), value)
    store.put(new Key('/dht/record/abc'), value)
    expect(relaysOf(store, 1)).toEqual(['x', 'y'])
    nowMs = providerTtlMs / 2
    store.put(key(1, 'x'), value)
    nowMs = providerTtlMs
    expect(relaysOf(store, 1)).toEqual(['x'])
    expect(store.count).toBe(2)
    store.sweep()
    expect(store.count).toBe(1)
    store.delete(key(1, 'x'))
    expect([store.count, relaysOf(store, 1)]).toEqual([0, []])
  })

  it('[RN10] is bounded by relay, by key, and in all', () => {
    const store = new ProviderStore(() => 0)
    for (let n = 0; n < providersPerSwarmMax + 5; n++) store.put(key('s', n), value)
    expect(relaysOf(store, 's')).toHaveLength(providersPerSwarmMax)
    for (let n = 0; n <= providersPerRelayMax; n++) store.put(key(n, 'greedy'), value)
    expect(store.count).toBe(providersPerSwarmMax + providersPerRelayMax)
    for (let each = 0; each < 4; each++)
      for (let n = 0; n < providersPerRelayMax; n++) store.put(key(n, `r${each}`), value)
    expect(store.count).toBe(providersMax)
  })
})

describe('addresses of relays', () => {
  it('[RL19] one among others listens at its own port alone', () => {
    expect(portsOfOne).toBe(1)
  })

  it('[RN2] a swarm is found under a hash of its id', () => {
    const id = '5a'.repeat(32) as SwarmId
    const hash = '8be3b0e9c95424fdd7636748cc1af4171027970d7a6558b713941662393d1c98'
    expect(Buffer.from(swarmKey(id).multihash.bytes).toString('hex')).toBe(`1220${hash}`)
  })

  it.each([
    [{ publicHost: 'quire.example' }, '/dns/quire.example/tcp/8787/ws'],
    [{ publicHost: '203.0.113.7', tlsCert: 'x' }, '/ip4/203.0.113.7/tcp/8787/tls/ws'],
    [{ publicHost: '2001:db8::1' }, '/ip6/2001:db8::1/tcp/8787/ws'],
    [{ publicHost: 'inside', publicUrl: 'https://quire.example' }, '/dns/quire.example/tcp/443/tls/ws'],
    [{}]
  ])('[RL19] of one that is told %j', (told, ...addresses) => {
    const config = { port: 0, host: '::', dataDir: 'x', json: false, ...told }
    expect(publicAddresses(config, 8787).map(String)).toEqual(addresses)
  })

  it('[RN12] one on the internet dials nothing private, whatever it is told; one at home does', async () => {
    const mayDial = await dialFilter([multiaddr('/ip4/203.0.114.7/tcp/443/tls/ws')])
    const inside = [
      '/ip4/127.0.0.1',
      '/ip4/10.1.2.3',
      '/ip4/169.254.169.254',
      '/ip6/::1',
      '/ip6/fd00::1',
      '/dns/localhost'
    ]
    const asked = [...inside, '/ip4/203.0.114.9'].map((host) => mayDial(multiaddr(`${host}/tcp/80/ws`)))
    expect(await Promise.all(asked)).toEqual([...inside.map(() => false), true])
    expect(await mayDial(multiaddr('/unix/var'))).toBe(false)
    const names: Record<string, string[]> = { open: ['203.0.114.9'], both: ['203.0.114.9', '10.0.0.1'], none: [] }
    const find = async (name: string) => names[name] ?? Promise.reject(new Error('SERVFAIL'))
    // One who answers nothing now may answer with an inner address when it is dialled; our own may still be unknown.
    const byName = await dialFilter([multiaddr('/dns/fails/tcp/443/tls/ws')], find)
    const named = ['open', 'both', 'none', 'fails'].map((name) => byName(multiaddr(`/dns4/${name}/tcp/80/ws`)))
    expect(await Promise.all(named)).toEqual([true, false, false, false])
    const atHome = await dialFilter([multiaddr('/ip4/127.0.0.1/tcp/80/ws')])
    expect(await atHome(multiaddr('/ip4/10.1.2.3/tcp/80/ws'))).toBe(true)
  })

  it('[RN9] are found by page, by multiaddr, and in the DNS, through names', async () => {
    const { publicKey } = await generateKeyPair('Ed25519')
    const listed = `/ip4/127.0.0.1/tcp/5/ws/p2p/${publicKey.toString()}`
    const page = `/ip4/127.0.0.1/tcp/${relay!.port}/ws/p2p/${relay!.peerId}`
    await using dns = await startDns({
      '_dnsaddr.quire.example': ['dnsaddr=/dnsaddr/more.example', `dnsaddr=${listed}`, 'something else'],
      '_dnsaddr.more.example': [`dnsaddr=${page}`],
      '_dnsaddr.circle.example': ['dnsaddr=/dnsaddr/circle.example'],
      '_dnsaddr.many.example': Array.from({ length: 20 }, () => `dnsaddr=${listed}`)
    })
    const find = async (...named: string[]) => (await findBootstrap(named, dns.askTexts)).map(String)
    expect(await find(relay!.url.replace('localhost', '127.0.0.1'))).toEqual([page])
    expect(await find('/dnsaddr/quire.example', listed)).toEqual([page, listed, listed])
    expect(await find(`/dnsaddr/quire.example/p2p/${publicKey.toString()}`)).toEqual([listed])
    expect(await find('/dnsaddr/circle.example', '/dnsaddr/nowhere.example', 'http://127.0.0.1:9')).toEqual([])
    expect(await find('/dnsaddr/many.example', '/dnsaddr/many.example')).toHaveLength(bootstrapMax)
  })

  it('[RL21] of one that tells a host with no page are passed over', async () => {
    const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    const namedOf = async (...told: string[]) => {
      const addresses = told.map((each) => ({ multiaddr: multiaddr(each) }))
      const drawn = new DrawnRelays({ get: () => Promise.resolve({ addresses }) } as never, () => Promise.resolve(true))
      await drawn.note(peerId)
      return drawn.draw(new Set([peerId.toString()])).map(({ url }) => url)
    }
    expect(await namedOf('/dns/a b/tcp/80/ws', '/dns/x:y/tcp/443/tls/ws')).toEqual([])
    expect(await namedOf('/dns/a b/tcp/80/ws', '/dns/quire.example/tcp/443/tls/ws')).toEqual(['https://quire.example'])
  })

  it('[RN13] a socket of a relay that is known is kept though nothing is done with it', () => {
    const connection = { timeline: { open: 0 }, streams: [] } as unknown as Parameters<
      typeof idleConnections
    >[0][number]
    expect(idleConnections([connection], () => true, relayIdleMs)).toEqual([])
    expect(idleConnections([connection], () => false, relayIdleMs)).toEqual([connection])
  })
})
