import { createHmac, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { crc32 } from 'node:zlib'
import type { Listener } from '@libp2p/interface'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DirectListener, gated } from '../../../relay/direct/gated-listener.ts'
import { type RunningRelay, startRelay } from '../../../relay/relay.ts'
import {
  directBeginningsBurst,
  directBeginningsPerSecond,
  directHandshakeMs,
  directHandshakesMax,
  directHandshakesPerAddressMax,
  directSocketBurst,
  directSocketsMax,
  directSocketsPerAddressMax,
  directSocketsPerSecond
} from '../../../src/core/limits.ts'
import { createNodeNetwork } from '../../../src/network/libp2p/node.ts'
import { temporaryFolder } from '../../support/files.ts'
import { untilFigure } from '../../support/figures.ts'
import { within } from '../../support/waiting.ts'

/** After which no rate of before counts. */
const longMs = 3_600_000

/** A listener whose callers never say who they are, until they are let go. */
class Silent {
  readonly connections = new Map<string, RTCPeerConnection>()
  readonly waiting: PromiseWithResolvers<void>[] = []
  readonly refused: string[] = []
  isDraining = false
  #port = 0
  readonly take: DirectListener['incomingConnection']

  constructor() {
    const listener = Object.assign(this as unknown as Listener, { incomingConnection: () => this.#wait() })
    gated(listener as unknown as DirectListener, {
      refuse: (limit) => this.refused.push(limit),
      isDraining: () => this.isDraining
    })
    this.take = (listener as unknown as DirectListener).incomingConnection
  }

  #wait(): Promise<void> {
    const waiting = Promise.withResolvers<void>()
    this.waiting.push(waiting)
    return waiting.promise
  }

  from(host: string, port: number, ufrag = 'u'): void {
    void this.take(ufrag, host, port, new AbortController().signal)
  }

  /** So many come, and say who they are; gives the connections of those that are taken. */
  async stay(host: string, count: number): Promise<Connected[]> {
    const taken: Connected[] = []
    for (let n = 0; n < count; n++) {
      const [before, connection] = [this.waiting.length, new Connected()]
      this.connections.set(`${host}:${++this.#port}:u`, connection as unknown as RTCPeerConnection)
      this.from(host, this.#port)
      if (this.waiting.length === before) continue
      taken.push(connection)
      this.waiting.at(-1)!.resolve()
      await new Promise(setImmediate)
    }
    return taken
  }
}

/** A peer connection that is there until it is closed. */
class Connected extends EventTarget {
  connectionState = 'connected'

  close(): void {
    this.connectionState = 'closed'
    this.dispatchEvent(new Event('connectionstatechange'))
  }
}

describe('[RL23] who may begin a connection over UDP', () => {
  it('is one that asks again and again once', () => {
    const listener = new Silent()
    for (let n = 0; n < 3; n++) listener.from('203.0.113.1', 1)
    listener.from('203.0.113.1', 1, 'another')
    listener.from('203.0.113.1', 2)
    expect(listener.waiting).toHaveLength(3)
    expect(listener.refused).toEqual([])
  })

  it('are so many of one address, and others beside them', async () => {
    const listener = new Silent()
    for (let port = 0; port < directHandshakesPerAddressMax + 5; port++) listener.from('203.0.113.1', port)
    expect(listener.waiting).toHaveLength(directHandshakesPerAddressMax)
    expect(listener.refused).toEqual(Array<string>(5).fill('webrtc-direct'))
    listener.from('203.0.113.2', 1)
    expect(listener.waiting).toHaveLength(directHandshakesPerAddressMax + 1)
    // One that failed makes room for another.
    listener.waiting[0]!.reject(new Error('nobody there'))
    await new Promise(setImmediate)
    listener.from('203.0.113.1', 65_535)
    expect(listener.waiting).toHaveLength(directHandshakesPerAddressMax + 2)
  })

  it('are so many of all addresses together, each second too', () => {
    const listener = new Silent()
    for (let n = 0; n < 2 * directBeginningsBurst; n++) listener.from(`203.0.${n >> 8}.${n & 255}`, 1)
    expect(listener.waiting.length).toBeLessThanOrEqual(Math.min(directHandshakesMax, directBeginningsBurst))
    expect(listener.refused.length).toBeGreaterThanOrEqual(directBeginningsBurst)
  })

  it('are so many that stay of one address, and so many in all', async () => {
    let nowMs = 0
    using _clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
    const listener = new Silent()
    const first = await listener.stay('203.0.113.1', directSocketsPerAddressMax)
    expect(first).toHaveLength(directSocketsPerAddressMax)
    nowMs += longMs
    expect(await listener.stay('203.0.113.1', 1)).toEqual([])
    first[0]!.close()
    expect(await listener.stay('203.0.113.1', 1)).toHaveLength(1)
    for (let count = directSocketsPerAddressMax, host = 2; count < directSocketsMax; count += 64, host++) {
      nowMs += longMs
      expect(await listener.stay(`203.0.113.${host}`, 64)).toHaveLength(64)
    }
    nowMs += longMs
    expect(await listener.stay('198.51.100.1', 1)).toEqual([])
  })

  it('are so many of one address each second, though none of them stays', async () => {
    let nowMs = 0
    using _clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
    const listener = new Silent()
    for (const connection of await listener.stay('203.0.113.1', directSocketBurst)) connection.close()
    nowMs += 1_000
    expect(await listener.stay('203.0.113.1', 3 * directSocketsPerSecond)).toHaveLength(directSocketsPerSecond)
    expect(await listener.stay('203.0.113.2', 1)).toHaveLength(1)
  })

  it('is nobody while the relay drains', () => {
    const listener = new Silent()
    listener.isDraining = true
    listener.from('203.0.113.1', 1)
    expect(listener.waiting).toEqual([])
  })

  it('is counted until its connection is closed', async () => {
    const listener = new Silent()
    const connection = new Connected()
    listener.connections.set('203.0.113.1:1:u', connection as unknown as RTCPeerConnection)
    listener.from('203.0.113.1', 1)
    listener.waiting[0]!.resolve()
    await new Promise(setImmediate)
    listener.from('203.0.113.1', 1)
    expect(listener.waiting).toHaveLength(1)
    connection.close()
    expect(listener.connections.size).toBe(0)
  })

  it('is not one who asks whether a connection is there that failed or was closed: no answer tells it', async () => {
    const listener = new Silent()
    listener.from('203.0.113.1', 1)
    listener.waiting[0]!.reject(new Error('it has said nothing'))
    await new Promise(setImmediate)
    listener.from('203.0.113.1', 1)
    expect(listener.waiting).toHaveLength(1)
  })
})

describe('a relay', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let relay: RunningRelay

  beforeAll(async () => {
    folder = await temporaryFolder('flood')
    const config = { port: 0, host: '127.0.0.1', dataDir: folder.path, json: false, webrtcPort: 0 }
    relay = await startRelay(config, folder.path)
    await relay.whenDirect
  })

  afterAll(async () => {
    await relay.stop()
    await folder[Symbol.asyncDispose]()
  })

  it('[RL23] cuts a flood of STUN requests that begin connections, serves its WebSockets meanwhile, and takes others after it', async () => {
    const port = Number(/\/udp\/(\d+)\//.exec(relay.direct[0]!)![1])
    const socket = createSocket('udp4')
    const count = 3 * (directBeginningsBurst + directBeginningsPerSecond)
    for (let n = 0; n < count; n++) {
      await new Promise<void>((sent) => socket.send(bindingRequest(), port, '127.0.0.1', () => sent()))
    }
    await untilFigure(relay.url, 'quire_refused_total', 100, '{limit="webrtc-direct"}')
    const bySocket = await createNodeNetwork({ relays: [relay.url], webrtc: false })
    await reserved(bySocket)
    await bySocket.stop()
    socket.close()
    const byDirect = await createNodeNetwork({ relays: relay.direct })
    await within(3 * directHandshakeMs, 'others are taken', reserved(byDirect))
    await byDirect.stop()
  }, 90_000)
})

async function reserved(network: Awaited<ReturnType<typeof createNodeNetwork>>): Promise<void> {
  const there = Promise.withResolvers<void>()
  network.onStatus = ({ relays }) => relays[0]?.state === 'reserved' && there.resolve()
  await network.start()
  await there.promise
}

/** A STUN request that names a user who was not seen before, as the first packet of an ICE connection (RFC 8489). */
function bindingRequest(): Buffer {
  const ufrag = `libp2p+webrtc+v1/${randomBytes(16).toString('hex')}`
  const user = Buffer.from(`${ufrag}:${ufrag}`)
  const named = withAttribute(
    Buffer.concat([Buffer.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42), randomBytes(12)]),
    0x0006,
    user.length,
    () => user
  )
  const whole = withAttribute(named, 0x0008, 20, (before) => createHmac('sha1', ufrag).update(before).digest())
  return withAttribute(whole, 0x8028, 4, (before) => {
    const fingerprint = Buffer.alloc(4)
    fingerprint.writeUInt32BE((crc32(before) ^ 0x5354554e) >>> 0)
    return fingerprint
  })
}

/** The message with one more attribute, made of what is before it: the length in the header counts it already. */
function withAttribute(message: Buffer, type: number, bytes: number, valueOf: (before: Buffer) => Buffer): Buffer {
  const before = Buffer.from(message)
  const padding = -bytes & 3
  before.writeUInt16BE(before.length - 20 + 4 + bytes + padding, 2)
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(bytes, 2)
  return Buffer.concat([before, head, valueOf(before), Buffer.alloc(padding)])
}
