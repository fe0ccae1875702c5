import type { Connection, Stream } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { laneAheadBytesMax, laneUnsentBytesMax, messageBlocks, blockBytes } from '../../src/core/limits.ts'
import { exchangeProtocol } from '../../src/network/libp2p/open-connections.ts'
import { StreamLane } from '../../src/network/libp2p/stream-lane.ts'

const log = Object.assign(() => undefined, { error: () => undefined, trace: () => undefined })

/** A stream whose other end takes so many bytes and then waits until it is told to take more. */
class WindowedStream extends AbstractMessageStream {
  #window: number

  constructor(windowBytes: number) {
    super({ log } as never)
    this.#window = windowBytes
  }

  take(bytes: number): void {
    this.#window += bytes
    this.safeDispatchEvent('drain')
  }

  sendData(data: { readonly byteLength: number }): SendResult {
    const sentBytes = Math.min(this.#window, data.byteLength)
    this.#window -= sentBytes
    return { sentBytes, canSendMore: this.#window > 0 }
  }

  sendReset(): void {}
  sendPause(): void {}
  sendResume(): void {}
  async close(): Promise<void> {}
}

function laneOver(stream: WindowedStream): StreamLane {
  const remoteAddr = multiaddr('/dns/relay.example/tcp/443/tls/ws')
  const connection = { remotePeer: 'them', remoteAddr } as unknown as Connection
  return new StreamLane(stream as unknown as Stream, connection, 'us' as PeerId, exchangeProtocol)
}

const messageBytes = messageBlocks * blockBytes

describe('a lane whose peer reads slowly', () => {
  it('[NW45] goes on when little is left in it, however little is taken at a time', async () => {
    const stream = new WindowedStream(1)
    const lane = laneOver(stream)
    let drains = 0
    lane.onDrain = () => drains++
    const messages = 2 * Math.ceil(laneAheadBytesMax / messageBytes)
    for (let i = 0; i < messages; i++) expect(lane.send(new Uint8Array(messageBytes))).toBe(false)
    for (let i = 0; i < 100; i++) {
      stream.take(1)
      await Promise.resolve()
    }
    expect(drains).toBe(0)
    stream.take(messages * messageBytes - laneAheadBytesMax)
    await Promise.resolve()
    await Promise.resolve()
    expect(drains).toBe(1)
    stream.take(2 * laneAheadBytesMax)
    await Promise.resolve()
    await Promise.resolve()
    expect(drains).toBe(2)
    expect(stream.writeBufferLength).toBe(0)
  })

  it('[NW45] is cut when a sender goes on all the same', () => {
    const stream = new WindowedStream(1)
    const lane = laneOver(stream)
    let ending: Error | undefined
    lane.onClose = (error) => (ending = error)
    let sent = 0
    for (; stream.status === 'open' && sent < 2 * laneUnsentBytesMax; sent += messageBytes)
      lane.send(new Uint8Array(messageBytes))
    expect(stream.status).toBe('aborted')
    expect(ending?.name).toBe('StreamBufferError')
    expect(sent).toBeLessThanOrEqual(laneUnsentBytesMax + 2 * messageBytes)
    expect(stream.writeBufferLength).toBe(0)
  })

  it('[NW45] keeps a bound that was narrower', () => {
    const stream = new WindowedStream(1)
    stream.maxWriteBufferLength = 1000
    laneOver(stream)
    expect(stream.maxWriteBufferLength).toBe(1000)
  })
})
