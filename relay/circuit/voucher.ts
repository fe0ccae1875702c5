import type { PeerId, PrivateKey, Record } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { ProtoWriter } from '../../src/core/proto/proto.ts'

/** What circuit relay v2 has signed: that this relay holds a reservation for a peer, and until when. */
class Voucher implements Record {
  readonly domain = 'libp2p-relay-rsvp'
  readonly codec = Uint8Array.of(0x03, 0x02)
  readonly #bytes: Uint8Array

  constructor(relay: PeerId, peer: PeerId, expiresAt: number) {
    const writer = new ProtoWriter().bytes(1, relay.toMultihash().bytes).bytes(2, peer.toMultihash().bytes)
    this.#bytes = writer.uint(3, expiresAt).finish()
  }

  marshal(): Uint8Array {
    return this.#bytes
  }

  equals(other: Record): boolean {
    return Buffer.from(this.#bytes).equals(other.marshal())
  }
}

/** `expiresAt` is in seconds since 1970. */
export async function sealVoucher(key: PrivateKey, peer: PeerId, expiresAt: number): Promise<Uint8Array> {
  const envelope = await RecordEnvelope.seal(new Voucher(peerIdFromPrivateKey(key), peer, expiresAt), key)
  return envelope.marshal()
}
