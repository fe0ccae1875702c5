import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, StreamHandler } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { lpStream, streamPair } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it, vi } from 'vitest'
import { HopService } from '../../relay/circuit/hop-service.ts'
import { AddressCounts } from '../../relay/limits/address-budgets.ts'
import { refuseSilently } from '../../relay/limits/refusals.ts'
import { ProtoWriter } from '../../src/core/proto/proto.ts'

const pace = { bytesPerSecond: 1e9, burstBytes: 1e9, payerBurstBytes: 1e9, payerBytesPerSecond: 1e9 }

async function peer(newStream: () => Promise<never>): Promise<Connection> {
  const remotePeer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const remoteAddr = multiaddr('/ip4/203.0.113.1/tcp/1/ws')
  return { remotePeer, remoteAddr, status: 'open', addEventListener: () => undefined, newStream } as never
}

it('[RL16] a circuit that fails at both ends is counted off once', async () => {
  let onHop: StreamHandler | undefined
  const hop = new HopService({ privateKey: await generateKeyPair('Ed25519'), pace, refuse: refuseSilently })
  await hop.start({
    handle: async (_protocol: string, take: StreamHandler) => void (onHop = take)
  } as unknown as Libp2p)
  const [asking, asked] = await streamPair()
  const broken = new Promise<void>((resolve) => asked.addEventListener('close', () => resolve()))
  const near = await peer(() => Promise.reject(new Error('nobody asks for it')))
  // The one who is asked for is not there, and who asks has gone when that shows.
  const far = await peer(async () => {
    asking.abort(new Error('it goes'))
    await broken
    throw new Error('not there')
  })
  const [reserving, reserved] = await streamPair()
  await Promise.all([lpStream(reserving).write(new ProtoWriter().uint(1, 0).finish()), onHop!(reserved, far)])
  using enter = vi.spyOn(AddressCounts.prototype, 'enter')
  using leave = vi.spyOn(AddressCounts.prototype, 'leave')
  const target = new ProtoWriter().bytes(1, far.remotePeer.toMultihash().bytes).finish()
  await lpStream(asking).write(new ProtoWriter().uint(1, 1).bytes(2, target).finish())
  await onHop!(asked, near)
  expect([enter.mock.calls.length, leave.mock.calls.length]).toEqual([2, 2])
  hop.stop()
})
