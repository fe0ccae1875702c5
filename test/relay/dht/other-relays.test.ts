import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dhtProtocol } from '../../../relay/dht/dht.ts'
import { keepersSwarmId } from '../../../src/core/keep/swarm.ts'
import type { SwarmId } from '../../../src/core/ids.ts'
import { announceTtlMs, dhtRequestBytesMax } from '../../../src/core/limits.ts'
import type { Network } from '../../../src/network/types.ts'
import { circuitClient, type CircuitClient } from '../../support/circuit-client.ts'
import { figure, untilFigure } from '../../support/figures.ts'
import { type RelayNetwork, startRelayNetwork } from '../../support/relay-network.ts'
import { type TrackerTab, trackerTab } from '../../support/tracker-tab.ts'
import { within } from '../../support/waiting.ts'

let net: RelayNetwork
const open: Network[] = []

beforeAll(async () => {
  net = await startRelayNetwork(3)
  await net.know(2)
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.stop()))
})

afterAll(() => net[Symbol.asyncDispose]())

const swarm = (n: number) => n.toString(16).padStart(64, '0') as SwarmId
const foundWithinMs = 2_000

async function tabAt(relay: number, ways: Partial<{ record: boolean }> = {}): Promise<TrackerTab> {
  const tab = await trackerTab(net.relays[relay]!.url)
  open.push(tab.network)
  if (ways.record !== false) tab.say({ type: 'record', record: tab.record })
  return tab
}

const holds = (tab: TrackerTab, swarmId: SwarmId) =>
  tab.say({ type: 'announce', swarmId, role: 'tab', holder: true, watch: false, ttlMs: announceTtlMs })
const seeks = (tab: TrackerTab, swarmId: SwarmId) =>
  tab.say({ type: 'announce', swarmId, role: 'tab', holder: false, watch: true, ttlMs: announceTtlMs })

/** The first peers that it is told of. */
async function meets(tab: TrackerTab) {
  for (;;) {
    const { peers } = await within(foundWithinMs, 'somebody is found', tab.next('peers'))
    if (peers.length > 0) return peers
  }
}

describe('relays that know each other', () => {
  it('[RN1] [RN5] [RN9] a tab at one finds a holder at another, with the way to it', async () => {
    const [alice, bob] = [await tabAt(1), await tabAt(2)]
    holds(alice, swarm(1))
    await untilFigure(net.relays[1]!.url, 'quire_provides_total', 1)
    seeks(bob, swarm(1))
    const [found] = await meets(bob)
    expect(found).toMatchObject({ peerId: alice.peerId, holder: true })
    const { payload } = RecordEnvelope.createFromProtobuf(found!.record)
    const ways = PeerRecord.createFromProtobuf(payload).multiaddrs.map(String)
    expect(ways).toContainEqual(
      expect.stringContaining(`/tcp/${net.relays[1]!.port}/ws/p2p/${net.relays[1]!.peerId}/p2p-circuit`)
    )
  })

  it('[RN3] [RN5] finds one that comes later, and one that comes at the same moment', async () => {
    const [alice, bob] = [await tabAt(0), await tabAt(1)]
    seeks(bob, swarm(2))
    expect((await bob.next('peers')).peers).toEqual([])
    await untilFigure(net.relays[1]!.url, 'quire_provides_total', 1)
    holds(alice, swarm(2))
    expect((await meets(bob)).map(({ peerId }) => peerId)).toEqual([alice.peerId])
    holds(alice, swarm(3))
    seeks(bob, swarm(3))
    expect((await meets(bob)).map(({ peerId }) => peerId)).toEqual([alice.peerId])
  })

  it('[RN14] [TR12] a tab that looks for keepers is told of one at another relay, which hears nothing of it', async () => {
    const [keeper, tab] = [await tabAt(1), await tabAt(2)]
    const keepers = keepersSwarmId()
    const before = await figure(net.relays[1]!.url, 'quire_provides_total')
    holds(keeper, keepers)
    await untilFigure(net.relays[1]!.url, 'quire_provides_total', before + 1)
    tab.say({ type: 'look', swarmId: keepers })
    await untilFigure(net.relays[2]!.url, 'quire_relays_peers', 1)
    tab.say({ type: 'look', swarmId: keepers })
    expect((await meets(tab)).map(({ peerId }) => peerId)).toEqual([keeper.peerId])
  })

  it('[RN4] [RN5] the next at the same relay is told at once, and all hear of newcomers', async () => {
    const [alice, bob, carol] = [await tabAt(0), await tabAt(2), await tabAt(2)]
    seeks(alice, swarm(4))
    seeks(bob, swarm(4))
    expect((await meets(bob))[0]!.peerId).toBe(alice.peerId)
    expect((await meets(alice))[0]!.peerId).toBe(bob.peerId)
    seeks(carol, swarm(4))
    const first = [...(await meets(carol)), ...(await meets(carol))].map(({ peerId }) => peerId)
    expect(new Set(first)).toEqual(new Set([alice.peerId, bob.peerId]))
    expect((await meets(alice))[0]!.peerId).toBe(carol.peerId)
  })

  it('[RN13] a client is no relay: it is not taken into the table', async () => {
    const before = await figure(net.relays[0]!.url, 'quire_relays_known')
    await using client = await stranger()
    await ask(client, new Uint8Array(8))
    expect(await figure(net.relays[0]!.url, 'quire_relays_known')).toBe(before)
  })
})

const stranger = (): Promise<CircuitClient> => circuitClient(net.relays[0]!.port, net.relays[0]!.peerId)

/** Sends bytes as a request of the DHT; resolves once the stream has ended, by whomever. */
async function ask({ connection }: CircuitClient, bytes: Uint8Array): Promise<void> {
  const stream = await connection.newStream(dhtProtocol, { maxOutboundStreams: 10_000 })
  const ended = new Promise((resolve) => stream.addEventListener('close', resolve, { once: true }))
  if (stream.status !== 'open') return
  stream.send(bytes)
  await Promise.race([within(10_000, 'the stream ends', ended), stream.close()])
}

const refusedRequests = () => figure(net.relays[0]!.url, 'quire_refused_total', '{limit="dht-requests"}')

describe('who asks the DHT too much', () => {
  it('[RN11] a request that is too long is cut', async () => {
    await using client = await stranger()
    const before = await refusedRequests()
    // The length that a message begins with promises more than is allowed.
    await ask(
      client,
      Uint8Array.from({ length: dhtRequestBytesMax + 1 }, () => 0xff)
    )
    expect(await refusedRequests()).toBe(before + 1)
  })
})
