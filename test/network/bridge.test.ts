import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bridgeBytesMax } from '../../src/core/limits.ts'
import type { LaneId, PeerId } from '../../src/core/ids.ts'
import { remoteNetwork, serveNetwork } from '../../src/network/bridge.ts'
import { PeerUnreachable } from '../../src/network/errors.ts'
import type { ConnectOptions, Lane, Network, NetworkStatus } from '../../src/network/types.ts'

const idle = (): void => undefined

/** A lane whose other end is the test. */
class TestLane implements Lane {
  readonly id = 7 as LaneId
  readonly peerId = 'them' as PeerId
  readonly localPeerId = 'us' as PeerId
  readonly protocol = '/quire/exchange/1'
  readonly direction = 'outbound'
  kind: Lane['kind'] = 'direct'
  onChunk: (chunk: Uint8Array) => void = idle
  onDrain = idle
  onClose: (error?: Error) => void = idle
  readonly sent: Uint8Array[] = []
  takes = true
  closed = Promise.withResolvers<void>()
  onSent = idle

  send(chunk: Uint8Array): boolean {
    this.sent.push(chunk)
    this.onSent()
    return this.takes
  }

  close(): void {
    this.closed.resolve()
    this.onClose()
  }
}

class TestNetwork implements Network {
  readonly lane = new TestLane()
  readonly asked: ConnectOptions['protocol'][] = []
  connecting = (): Promise<Lane> => Promise.resolve(this.lane)
  aborted = Promise.withResolvers<void>()
  relays: string[] = []
  nudges = 0
  started = false
  onStatus: (status: NetworkStatus) => void = idle
  onSelfRecord = idle
  onDirect: (peerId: PeerId) => void = idle
  onLane: (lane: Lane) => void = idle

  async start() {
    this.started = true
  }
  async stop() {
    this.started = false
  }
  status(): NetworkStatus {
    return { relays: [], webrtc: false }
  }
  async selfRecord() {
    return Uint8Array.of(1, 2, 3)
  }
  connect(_record: Uint8Array, { signal, protocol }: ConnectOptions): Promise<Lane> {
    this.asked.push(protocol)
    signal.addEventListener('abort', () => this.aborted.resolve())
    return this.connecting()
  }
  addSpares(): void {}

  addRelay(url: string) {
    this.relays.push(url)
  }
  nudge() {
    this.nudges++
  }
}

let channel: MessageChannel
let page: TestNetwork
let worker: Network

beforeEach(() => {
  channel = new MessageChannel()
  page = new TestNetwork()
  serveNetwork(page, channel.port1)
  worker = remoteNetwork(channel.port2)
})

afterEach(() => {
  channel.port1.close()
})

const connect = (signal = new AbortController().signal) => worker.connect(Uint8Array.of(9), { signal })
const once = <T>(set: (resolve: (value: T) => void) => void): Promise<T> => new Promise((resolve) => set(resolve))

describe('a network across a worker boundary', () => {
  it('starts, stops, gives the record, hands on relays and nudges', async () => {
    await worker.start()
    expect(page.started).toBe(true)
    expect(await worker.selfRecord()).toEqual(Uint8Array.of(1, 2, 3))
    worker.addRelay('https://a.example')
    worker.nudge()
    await worker.stop()
    expect(page).toMatchObject({ started: false, relays: ['https://a.example'], nudges: 1 })
  })

  it('opens lanes for what they are to speak', async () => {
    await connect()
    await worker.connect(Uint8Array.of(9), { signal: new AbortController().signal, protocol: '/quire/keep/1' })
    expect(page.asked).toEqual([undefined, '/quire/keep/1'])
  })

  it('tells the status and new records', async () => {
    const status: NetworkStatus = { peerId: 'us' as PeerId, relays: [{ url: 'x', state: 'reserved' }], webrtc: true }
    await worker.start()
    expect(worker.status().webrtc).toBe(false)
    const told = once<NetworkStatus>((resolve) => (worker.onStatus = resolve))
    page.onStatus(status)
    expect(await told).toEqual(status)
    const changed = once<void>((resolve) => (worker.onSelfRecord = resolve))
    page.onSelfRecord()
    await changed
  })

  it('[NW19] hands buffers over both ways, copying only what is less than half of its buffer', async () => {
    const lane = await connect()
    const whole = new Uint8Array(1000).fill(1)
    const part = new Uint8Array(1000).fill(2).subarray(0, 499)
    const sent = once<void>((resolve) => (page.lane.onSent = () => page.lane.sent.length === 2 && resolve()))
    lane.send(whole)
    lane.send(part)
    expect(whole.byteLength).toBe(0)
    expect(part.byteLength).toBe(499)
    await sent
    expect(page.lane.sent.map((chunk) => [chunk.length, chunk[0]])).toEqual([
      [1000, 1],
      [499, 2]
    ])
    const back = new Uint8Array(2000).fill(3)
    const got = once<Uint8Array>((resolve) => (lane.onChunk = resolve))
    page.lane.onChunk(back)
    expect(await got).toEqual(new Uint8Array(2000).fill(3))
    expect(back.byteLength).toBe(0)
  })

  it('[NW19] introduces a lane before the chunks that it had waiting', async () => {
    const eager = new TestLane()
    const give = (take: (chunk: Uint8Array) => void) => void take(Uint8Array.of(5))
    Object.defineProperty(eager, 'onChunk', { set: give })
    const chunk = once<Uint8Array>((resolve) => (worker.onLane = (lane) => (lane.onChunk = resolve)))
    page.onLane(eager)
    expect(await chunk).toEqual(Uint8Array.of(5))
  })

  it('[NW47] says of a lane that it is one more than its peer may have', async () => {
    const lane = once<Lane>((resolve) => (worker.onLane = resolve))
    page.onLane(Object.assign(new TestLane(), { isExcess: true }))
    expect((await lane).isExcess).toBe(true)
  })

  it('[NW19] makes a sender wait once too much is on its way, and lets it go on when it was taken', async () => {
    const lane = await connect()
    page.lane.takes = false
    const chunkBytes = bridgeBytesMax / 8
    const takes = Array.from({ length: 8 }, () => lane.send(new Uint8Array(chunkBytes)))
    expect(takes).toEqual([true, true, true, true, true, true, true, false])
    let drained = false
    const drain = once<void>((resolve) => (lane.onDrain = () => resolve((drained = true) as never)))
    await worker.selfRecord() // everything posted before has arrived
    expect(page.lane.sent).toHaveLength(8)
    expect(drained).toBe(false)
    page.lane.onDrain()
    await drain
    expect(lane.send(new Uint8Array(1))).toBe(true)
  })

  it('closes from either side, once', async () => {
    const lane = await connect()
    let closes = 0
    const closed = once<void>((resolve) => (lane.onClose = () => resolve(void closes++)))
    lane.close()
    lane.close()
    await page.lane.closed.promise
    await closed
    await worker.selfRecord()
    expect(closes).toBe(1)
  })

  it('tells a change of kind', async () => {
    const lane = await connect()
    page.lane.kind = 'turn'
    page.onStatus(page.status())
    await worker.selfRecord()
    expect(lane.kind).toBe('turn')
  })

  it('gives up a dial that is not wanted any more', async () => {
    page.connecting = () => page.aborted.promise.then(() => Promise.reject(new PeerUnreachable()))
    const abort = new AbortController()
    const dial = connect(abort.signal)
    abort.abort()
    await expect(dial).rejects.toMatchObject({ code: 'peer-unreachable', fault: 'environment', retryable: true })
  })
})
