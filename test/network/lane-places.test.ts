import { once } from 'node:events'
import type { Connection, Libp2p, Stream, StreamHandlerOptions } from '@libp2p/interface'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { laneIdleMs, lanesPerPeerMax, lanesRefusedMax, streamsPerConnectionMax } from '../../src/core/limits.ts'
import { TooManyLanes } from '../../src/network/errors.ts'
import { boundStreams, LanePlaces } from '../../src/network/libp2p/lane-places.ts'
import { createNodeNetwork, type NodeNetworkOptions } from '../../src/network/libp2p/node.ts'
import { exchangeProtocol } from '../../src/network/libp2p/open-connections.ts'
import type { StreamLane } from '../../src/network/libp2p/stream-lane.ts'
import type { Lane, Network } from '../../src/network/types.ts'
import { type RunningRelay, startRelay } from '../../relay/relay.ts'
import { temporaryFolder } from '../support/files.ts'
import { within } from '../support/waiting.ts'

type Take = (stream: Stream, connection: Connection) => void

/** A lane as far as its place goes. */
class FakeLane {
  readonly peerId: PeerId
  usedAtMs = Date.now()
  isExcess = false
  readonly #stream: EventTarget

  constructor(peerId: PeerId, stream: EventTarget) {
    this.peerId = peerId
    this.#stream = stream
  }

  readonly close = vi.fn(() => void this.#stream.dispatchEvent(new Event('close')))
}

describe('places of lanes', () => {
  let places: LanePlaces
  let lanes: FakeLane[]
  const opened = vi.fn(() => Promise.resolve(new EventTarget() as unknown as Stream))
  const abort = vi.fn()
  const connectionTo = (peerId: string): Connection =>
    ({ remotePeer: peerId, newStream: opened, abort }) as unknown as Connection
  const open = (peerId = 'them') => places.open(connectionTo(peerId), exchangeProtocol, {})

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.clearAllMocks()
    lanes = []
    places = new LanePlaces((stream, { remotePeer }) => {
      const lane = new FakeLane(remotePeer as unknown as PeerId, stream)
      lanes.push(lane)
      return lane as unknown as StreamLane
    })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** What a peer opens, one after the other; which of them found a place. */
  async function serve() {
    let take: Take = () => undefined
    const handle = (_: string, handler: Take, bounds: StreamHandlerOptions) => {
      take = handler
      // Those that are being closed count with libp2p.
      expect(Math.min(bounds.maxInboundStreams!, bounds.maxOutboundStreams!)).toBeGreaterThan(lanesPerPeerMax)
    }
    const node = { handle, getConnections: () => [connectionTo('them')] }
    await places.serve(node as unknown as Libp2p, exchangeProtocol, () => undefined)
    return (count: number, peerId = 'them'): FakeLane[] => {
      const first = lanes.length
      for (let i = 0; i < count; i++) take(new EventTarget() as unknown as Stream, connectionTo(peerId))
      return lanes.slice(first)
    }
  }
  const excess = (of: readonly FakeLane[]): number => of.filter(({ isExcess }) => isExcess).length

  it('[NW47] of one peer there are so many, however many connections it has; others have their own', async () => {
    const come = await serve()
    expect(excess(come(lanesPerPeerMax))).toBe(0)
    expect(excess(come(2))).toBe(2)
    expect(excess(come(1, 'another'))).toBe(0)
    await open() // those that we open are counted by themselves
    lanes[3]!.close()
    expect(excess(come(2))).toBe(1)
  })

  it('[NW47] one more takes the place of the one that carried nothing for longest', async () => {
    const come = await serve()
    const [first, second, third] = come(lanesPerPeerMax)
    vi.setSystemTime(Date.now() + laneIdleMs)
    for (const lane of lanes) lane.usedAtMs = Date.now()
    for (const lane of [first!, second!, third!]) lane.usedAtMs -= laneIdleMs
    second!.usedAtMs--
    third!.usedAtMs++
    const closed = () => [first, second, third].map((lane) => lane!.close.mock.calls.length)
    expect(excess(come(1))).toBe(0)
    expect(closed()).toEqual([0, 1, 0])
    expect(excess(come(2))).toBe(1)
    expect(closed()).toEqual([1, 1, 0])
  })

  it('[NW47] who has so many refused in a row is cut off, and not one who is given a place between', async () => {
    const come = await serve()
    come(lanesPerPeerMax)
    come(lanesRefusedMax - 1)
    lanes[0]!.close()
    expect(excess(come(1))).toBe(0)
    come(lanesRefusedMax - 1)
    expect(abort).not.toHaveBeenCalled()
    come(1)
    expect(abort).toHaveBeenCalledWith(expect.any(TooManyLanes))
  })

  it('[NW47] one of ours for which there is no place is not opened, also where many are opened at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: lanesPerPeerMax + 2 }, () => open()))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2)
    expect(opened).toHaveBeenCalledTimes(lanesPerPeerMax)
    await expect(open()).rejects.toThrow(TooManyLanes)
    vi.setSystemTime(Date.now() + laneIdleMs)
    await open()
    expect(lanes[0]!.close).toHaveBeenCalledOnce()
  })

  it('[NW47] one that could not be opened leaves its place', async () => {
    const failing = Array.from({ length: lanesPerPeerMax }, () => {
      opened.mockRejectedValueOnce(new Error('no'))
      return open()
    })
    await Promise.allSettled(failing)
    await open()
    expect(lanes).toHaveLength(1)
  })

  it('[NW47] a connection has so many streams, of whatever speaks or says nothing', () => {
    const muxer = new EventTarget()
    const streams: { readonly abort: () => void }[] = []
    boundStreams({ muxer, streams } as unknown as Connection)
    const reset = vi.fn()
    for (let i = 0; i < streamsPerConnectionMax + 3; i++) {
      const detail = { abort: reset }
      streams.push(detail)
      muxer.dispatchEvent(new CustomEvent('stream', { detail }))
    }
    expect(reset).toHaveBeenCalledTimes(3)
  })
})

describe('one who opens lane after lane', () => {
  const open: Network[] = []
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let relay: RunningRelay

  beforeEach(async () => {
    folder = await temporaryFolder('lanes')
    relay = await startRelay({ port: 0, host: '127.0.0.1', dataDir: folder.path, json: false }, folder.path)
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((network) => network.stop()))
    await relay.stop()
    await folder[Symbol.asyncDispose]()
  })

  async function make(options: Partial<NodeNetworkOptions>): Promise<Network> {
    const network = await createNodeNetwork({ relays: [`http://127.0.0.1:${relay.port}`], ...options })
    open.push(network)
    const reserved = Promise.withResolvers<void>()
    network.onStatus = ({ relays }) => relays[0]?.state === 'reserved' && reserved.resolve()
    await network.start()
    await within(15_000, 'a reservation', reserved.promise)
    return network
  }

  /** Two that are connected, with one lane; and by what. */
  async function makePair(options: Partial<NodeNetworkOptions>) {
    let connections: { getConnections(): Connection[] } | undefined
    const peek = ({ connectionManager }: { connectionManager: NonNullable<typeof connections> }) =>
      (connections = connectionManager)
    const [victim, attacker] = await Promise.all([make(options), make({ ...options, services: { peek } })])
    const came = { taken: 0, refused: 0 }
    victim.onLane = ({ isExcess }: Lane) => void came[isExcess ? 'refused' : 'taken']++
    const lane = await attacker.connect((await victim.selfRecord())!, { signal: AbortSignal.timeout(30_000) })
    const [connection] = connections!.getConnections().filter(({ streams }) => streams.some(carriesExchange))
    return { victim, lane, connection: connection!, came }
  }

  it.each<[string, Partial<NodeNetworkOptions>]>([
    ['a socket', { webrtc: false, listen: ['/ip4/127.0.0.1/tcp/0'] }],
    ['WebRTC', { webrtc: true }],
    ['the relay', { webrtc: false }]
  ])(
    '[NW47] over %s has no more than one may have, and then no connection',
    async (way, options) => {
      let pair = await makePair(options)
      // On a busy machine WebRTC may take so long that the lane comes by the relay.
      while (way === 'WebRTC' && pair.connection.limits) pair = await makePair(options)
      const { victim, lane, connection, came } = pair
      const ended = once(connection, 'close')
      const signal = AbortSignal.timeout(60_000)
      const another = () => connection.newStream(exchangeProtocol, { signal, runOnLimitedConnection: true })
      for (let i = 1; i < lanesPerPeerMax + lanesRefusedMax; i++) await another().catch(() => undefined)
      await within(20_000, 'the end of the connection', ended)
      expect(lane.peerId).toBe(victim.status().peerId)
      expect(came).toEqual({ taken: lanesPerPeerMax, refused: lanesRefusedMax })
    },
    180_000
  )
})

const carriesExchange = ({ protocol }: Stream): boolean => protocol === exchangeProtocol
