import { EventEmitter } from 'node:events'
import type { Connection } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { relayConfigBytesMax } from '../../src/core/limits.ts'
import { askRelayBy, configProtocol } from '../../src/network/libp2p/asking-relay.ts'

const peerId = '12D3KooW' + 'a'.repeat(44)
const url = `/ip4/203.0.113.7/udp/9787/webrtc-direct/certhash/uEiA/p2p/${peerId}`

/** A relay that says this, piece by piece, and then ends its side, unless it is `endless`. */
class Relay {
  readonly asked: string[] = []
  readonly aborted: Error[] = []
  readonly #ended = new EventEmitter()
  readonly #pieces: readonly Uint8Array[]
  readonly #isEndless: boolean

  constructor(pieces: readonly (string | Uint8Array)[], isEndless = false) {
    this.#pieces = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
    this.#isEndless = isEndless
  }

  ask(timeoutMs = 10_000) {
    const stream = {
      [Symbol.asyncIterator]: () => this.#iterate(),
      close: () => Promise.resolve(),
      abort: (error: Error) => (this.aborted.push(error), this.#ended.emit('aborted', error))
    }
    const newStream = (protocol: string) => (this.asked.push(protocol), Promise.resolve(stream))
    return askRelayBy({ newStream } as unknown as Connection, url, timeoutMs)
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    const aborted = new Promise<never>((_, reject) => this.#ended.once('aborted', reject))
    aborted.catch(() => undefined)
    yield* this.#pieces
    if (this.#isEndless) await aborted
  }
}

describe('[NW37] a relay that is asked by the connection to it', () => {
  it('says what it says at /config.json, in pieces cut anywhere', async () => {
    const said = Buffer.from(JSON.stringify({ version: 1, peerId, stunPort: 8787, later: 'ä€' }))
    const relay = new Relay([...said].map((byte) => Uint8Array.of(byte)))
    expect(await relay.ask()).toMatchObject({ peerId, stunPort: 8787, keepers: [] })
    expect(relay.asked).toEqual([configProtocol])
  })

  it.each([
    ['nothing', []],
    ['no JSON', ['{']],
    ['no object', ['7']],
    ['nobody', ['{}']]
  ])('is none when it says %s', async (_, pieces) => {
    await expect(new Relay(pieces).ask()).rejects.toMatchObject({ code: 'not-a-relay' })
  })

  it('is cut before it has said too much, without waiting for its end', async () => {
    const relay = new Relay([' '.repeat(relayConfigBytesMax), 'x'], true)
    await expect(relay.ask()).rejects.toMatchObject({ code: 'not-a-relay' })
    expect(relay.aborted).not.toEqual([])
  })

  it('is cut when it takes too long', async () => {
    const relay = new Relay(['{'], true)
    await expect(relay.ask(20)).rejects.toMatchObject({ code: 'not-a-relay' })
    expect(relay.aborted).not.toEqual([])
  })

  it('is none where the stream does not open', async () => {
    const connection = { newStream: () => Promise.reject(new Error('it does not speak that')) } as unknown as Connection
    await expect(askRelayBy(connection, url, 1_000)).rejects.toMatchObject({ code: 'not-a-relay' })
  })
})
