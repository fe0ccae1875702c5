import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import { recordAddressesMax, recordBytesMax } from '../../core/limits.ts'
import { BadRecord } from '../errors.ts'

/** A peer and where it can be reached, as it signed it. */
export interface PeerContact {
  readonly peerId: PeerId
  readonly addresses: readonly Multiaddr[]
}

/** Our own record: addresses, signed. A later one has a higher number. */
export async function sealRecord(privateKey: PrivateKey, multiaddrs: readonly Multiaddr[]): Promise<Uint8Array> {
  const record = new PeerRecord({
    peerId: peerIdFromPrivateKey(privateKey),
    multiaddrs: multiaddrs.slice(0, recordAddressesMax),
    seqNumber: BigInt(Date.now())
  })
  return (await RecordEnvelope.seal(record, privateKey)).marshal()
}

/** Checks the signature, and that the record is about the one who signed it; throws BadRecord. */
export async function openRecord(bytes: Uint8Array): Promise<PeerContact> {
  if (bytes.length > recordBytesMax) throw new BadRecord()
  try {
    const envelope = await RecordEnvelope.openAndCertify(bytes, PeerRecord.DOMAIN)
    const record = PeerRecord.createFromProtobuf(envelope.payload)
    if (!record.peerId.publicKey?.equals(envelope.publicKey)) throw new Error('signed by another')
    return {
      peerId: record.peerId.toString() as PeerId,
      addresses: record.multiaddrs.slice(0, recordAddressesMax)
    }
  } catch (cause) {
    throw new BadRecord({ cause })
  }
}
