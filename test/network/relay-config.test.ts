import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { keepersMax, otherRelaysMax } from '../../src/core/limits.ts'
import { relayInfo } from '../../src/network/libp2p/relay-info.ts'
import type { RelaysElsewhere } from '../../src/network/errors.ts'
import { fetchRelayConfig, readRelayConfig } from '../../src/network/relay-config.ts'

const peerId = '12D3KooW' + 'a'.repeat(44)
const terms = { dataSetBytesMax: 1e6, termMsMax: 1e9, invited: false }
let server: Server | undefined

afterEach(() => void server?.close())

/** What a tab understands of what a relay says of itself. */
async function configOf(said: object) {
  server = createServer((_request, response) => response.end(JSON.stringify(said))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return fetchRelayConfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

describe('what a relay says of itself', () => {
  it('[NW34] names keepers, and passes over what is described otherwise', async () => {
    const good = { peerId, record: 'AQID', terms }
    const bad = [null, 7, {}, { peerId }, { ...good, peerId: 'x' }, { ...good, record: 1 }]
    const more = { ...good, terms: { ...terms, later: 1 }, later: true }
    const config = await configOf({ version: 1, peerId, keepers: [...bad, good, more] })
    expect(config).toEqual({ peerId, stunPort: undefined, turn: undefined, keepers: [good, good], others: [] })
  })

  const turn = { port: 3478, username: '1:a', credential: 'b', lifeMs: 1000 }

  it('[NW27] offers TURN, and an offer that a browser would choke on is passed over', async () => {
    expect((await configOf({ peerId, turn: { ...turn, later: 1, tlsPort: '5349' } })).turn).toEqual(turn)
    const overTls = { ...turn, tlsPort: 5349 }
    expect((await configOf({ peerId, turn: overTls })).turn).toEqual(overTls)
    const { turn: servers } = relayInfo('https://quire.example', await configOf({ peerId, turn: overTls }), 0)
    expect(servers[0]!.urls).toEqual([
      'turn:quire.example:3478?transport=udp',
      'turn:quire.example:3478?transport=tcp',
      'turns:quire.example:5349?transport=tcp'
    ])
    const bad = [null, 'turn:a', { ...turn, port: 0 }, { ...turn, port: '1' }, { ...turn, username: '' }]
    for (const each of [...bad, { ...turn, credential: 'x'.repeat(300) }, { ...turn, lifeMs: 0 }]) {
      server!.close()
      expect((await configOf({ peerId, turn: each })).turn).toBeUndefined()
    }
  })

  it('[NW38] is itself one of the others, by webrtc-direct, unless it was asked by that', async () => {
    const direct = `/ip4/203.0.113.7/udp/9787/webrtc-direct/certhash/uEiAbc/p2p/${peerId}`
    const other = { url: 'https://b.example', peerId }
    const said = JSON.stringify({
      peerId,
      direct: [direct, 'https://c.example', '/ip4/1.2.3.4/tcp/1/ws'],
      others: [other]
    })
    expect(readRelayConfig(said, 'https://a.example').others).toEqual([{ url: direct, peerId }, other])
    expect(readRelayConfig(said, direct).others).toEqual([other])
  })

  it('[NW36] names other relays, a few, and passes over what is described otherwise', async () => {
    const good = { url: 'http://b.example', peerId }
    const bad = [null, 7, { url: 'b.example', peerId }]
    expect((await configOf({ peerId, others: [...bad, { ...good, later: 1 }, good, good] })).others).toEqual([good])
    server!.close()
    expect((await configOf({ peerId, others: Array(9).fill(good) })).others).toHaveLength(otherRelaysMax)
    server!.close()
    expect((await configOf({ peerId, others: [{ ...good, peerId: 'x' }] })).others).toEqual([])
  })

  const direct = `/ip4/203.0.113.7/udp/9787/webrtc-direct/certhash/uEi${'A-_9'.repeat(11)}/p2p/${peerId}`

  it('[NW37] of a page names relays by their multiaddrs too, those alone that say who answers there', async () => {
    const six = direct.replace('/ip4/203.0.113.7/', '/ip6/2001:db8::7/')
    const bad = [
      direct.replace(/\/p2p.*/, ''),
      direct.replace(/\/certhash\/[^/]+/, ''),
      direct.replace('203.0.113.7', '../a'),
      `/ip4/203.0.113.7/tcp/80/ws/p2p/${peerId}`,
      `${direct}/p2p-circuit/p2p/${peerId}`,
      direct.replace(peerId, 'a'.repeat(200))
    ]
    const elsewhere = await configOf({ relays: [...bad, direct, six] }).catch((error: RelaysElsewhere) => error)
    expect(elsewhere).toMatchObject({ code: 'relays-elsewhere', relays: [direct, six] })
  })

  it('[NW37] by its multiaddr has STUN, TURN and keepers at that address, and names no relay without TLS', () => {
    const others = [
      { url: 'http://b.example', peerId },
      { url: 'https://c.example', peerId, direct },
      { url: 'http://d.example', peerId, direct }
    ]
    const said = JSON.stringify({ peerId, stunPort: 8787, turn, others, keepers: [{ peerId, record: 'AQID', terms }] })
    for (const [url, host] of [
      [direct, '203.0.113.7'],
      [direct.replace('/ip4/203.0.113.7/', '/ip6/2001:db8::7/'), '[2001:db8::7]']
    ] as const) {
      const info = relayInfo(url, readRelayConfig(said, url), 0)
      expect(info.address.toString()).toBe(url)
      expect(info.stun).toEqual([{ urls: `stun:${host}:8787` }])
      expect(info.turn[0]!.urls).toContain(`turn:${host}:3478?transport=udp`)
      expect(info.keepers[0]!.host).toBe(host)
      expect(info.others.map((each) => each.url)).toEqual(['https://c.example', direct])
    }
  })

  it('[NW34] names a few at most, or none', async () => {
    const many = Array.from({ length: 2 * keepersMax }, () => ({ peerId, record: 'AQID', terms }))
    expect((await configOf({ peerId, keepers: many })).keepers).toHaveLength(keepersMax)
    server!.close()
    expect((await configOf({ peerId, keepers: 'all' })).keepers).toEqual([])
  })
})
