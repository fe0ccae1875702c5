import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream, StreamHandler } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { lpStream, streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, vi } from 'vitest'
import { HopService } from '../../relay/circuit/hop-service.ts'
import { AddressCounts } from '../../relay/limits/address-budgets.ts'
import { refuseSilently } from '../../relay/limits/refusals.ts'
import { ProtoWriter } from '../../src/core/proto/proto.ts'

const pace = { bytesPerSecond: 1e9, burstBytes: 1e9, payerBurstBytes: 1e9, payerBytesPerSecond: 1e9 }

async function peer(newStream: () => Promise<Stream>): Promise<Connection> {
  const remotePeer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const remoteAddr = multiaddr('/ip4/203.0.113.1/tcp/1/ws')
  return { remotePeer, remoteAddr, status: 'open', addEventListener: () => undefined, newStream } as never
}

const nobody = () => Promise.reject(new Error('nobody is asked for'))

/** Says `request` on a new stream to the service; gives what takes that stream, and its two ends. */
async function ask(request: ProtoWriter) {
  const [asking, asked] = await streamPair()
  await lpStream(asking).write(request.finish())
  return { asking, asked }
}

/** Has a peer reserve, and another ask for a circuit to it, whom `stop` tells of that. */
async function connect(stop: (ends: { asking: Stream; asked: Stream }) => Promise<Stream>): Promise<void> {
  let onHop: StreamHandler | undefined
  const hop = new HopService({ privateKey: await generateKeyPair('Ed25519'), pace, refuse: refuseSilently })
  await hop.start({
    handle: async (_protocol: string, take: StreamHandler) => void (onHop = take)
  } as unknown as Libp2p)
  const far = await peer(() => stop(ends))
  await onHop!((await ask(new ProtoWriter().uint(1, 0))).asked, far)
  const target = new ProtoWriter().bytes(1, far.remotePeer.toMultihash().bytes).finish()
  const ends = await ask(new ProtoWriter().uint(1, 1).bytes(2, target))
  await onHop!(ends.asked, await peer(nobody))
  hop.stop()
}

it('[RL16] a circuit that fails at both ends is counted off once', async () => {
  using enter = vi.spyOn(AddressCounts.prototype, 'enter')
  using leave = vi.spyOn(AddressCounts.prototype, 'leave')
  let entered = 0
  // The one who is asked for is not there, and who asks has gone when that shows.
  await connect(async ({ asking, asked }) => {
    entered = enter.mock.calls.length
    const broken = new Promise<void>((resolve) => asked.addEventListener('close', () => resolve()))
    asking.abort(new Error('it goes'))
    await broken
    return nobody()
  })
  // One of them is the reservation.
  expect([entered, leave.mock.calls.length]).toEqual([3, 2])
})

it('[RL12] what is sent before a circuit stands waits with its sender', async () => {
  const seen: string[] = []
  await connect(({ asked }) => {
    seen.push(asked.readStatus)
    return nobody()
  })
  expect(seen).toEqual(['paused'])
})
