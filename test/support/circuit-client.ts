import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { lpStream } from '@libp2p/utils'
import { webRTCDirect } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { hopProtocol, isTaken, stopProtocol } from '../../relay/circuit/messages.ts'
import { ProtoWriter, readProto } from '../../src/core/proto/proto.ts'
import { directOptions } from '../../src/network/libp2p/settings.ts'

interface CircuitAnswer {
  readonly status: number
  /** What the circuit may carry. */
  readonly limitBytes: number
  readonly stream: Stream
}

/** Someone who speaks circuit relay v2 by hand, so that it can do wrong. */
export interface CircuitClient extends AsyncDisposable {
  readonly node: Libp2p
  readonly connection: Connection
  /** The relay's answer as a number of the specification. */
  reserve(): Promise<number>
  /** A circuit to another client, as the stream that leads into it, or the relay's refusal; `early` is sent before there is an answer. */
  connect(to: CircuitClient, early?: Uint8Array): Promise<CircuitAnswer>
  /** Circuits from others, one after the other. */
  nextCircuit(): Promise<Stream>
  /** Takes each circuit and breaks it in the same breath. */
  leavesAtOnce: boolean
}

export function circuitClient(port: number, peerId: string, privateKey?: PrivateKey): Promise<CircuitClient> {
  return circuitClientAt(`/ip4/127.0.0.1/tcp/${port}/ws/p2p/${peerId}`, privateKey)
}

/** One that reaches the relay by this multiaddr, over a WebSocket or webrtc-direct. */
export async function circuitClientAt(address: string, privateKey?: PrivateKey): Promise<CircuitClient> {
  const node = await createLibp2p({
    ...(privateKey && { privateKey }),
    addresses: { listen: [] },
    transports: [webSockets(), webRTCDirect(directOptions)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false }
  })
  const came: Stream[] = []
  let look = (): void => undefined
  const take = async (stream: Stream): Promise<void> => {
    const stop = lpStream(stream)
    await stop.read()
    const answered = stop.write(new ProtoWriter().uint(1, 1).uint(4, 100).finish())
    if (client.leavesAtOnce) return stream.abort(new Error('it leaves at once'))
    await answered
    came.push(stop.unwrap())
    look()
  }
  await node.handle(stopProtocol, take, { maxInboundStreams: 1000 })
  const connection = await node.dial(multiaddr(address))
  const ask = async (request: Uint8Array, early?: Uint8Array) => {
    const asking = await connection.newStream(hopProtocol, { maxOutboundStreams: 1000 })
    const hop = lpStream(asking)
    await hop.write(request)
    if (early) asking.send(early)
    return { ...answerOf((await hop.read()).subarray()), stream: hop.unwrap() }
  }
  const client: CircuitClient = {
    node,
    connection,
    leavesAtOnce: false,
    reserve: async () => (await ask(new ProtoWriter().uint(1, 0).finish())).status,
    connect(to, early) {
      const peer = new ProtoWriter().bytes(1, to.node.peerId.toMultihash().bytes).finish()
      return ask(new ProtoWriter().uint(1, 1).bytes(2, peer).finish(), early)
    },
    async nextCircuit() {
      while (came.length === 0) await new Promise<void>((resolve) => (look = resolve))
      return came.shift()!
    },
    [Symbol.asyncDispose]: async () => node.stop()
  }
  return client
}

function answerOf(answer: Uint8Array) {
  if (isTaken(answer)) throw new Error('this is the answer of a peer, not of a relay')
  const fieldOf = (bytes: Uint8Array, wanted: number) => readProto(bytes, 16)?.find(({ number }) => number === wanted)
  const limit = fieldOf(answer, 4)?.bytes
  return { status: Number(fieldOf(answer, 5)?.value), limitBytes: Number(limit && fieldOf(limit, 2)?.value) }
}
