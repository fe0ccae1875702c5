import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import type { PeerId } from '../src/core/ids.ts'

/**
 * Whether a record is signed by this peer and about it, for a tracker. Answers at once: in Node a signature takes
 * no promise to check. Only Ed25519, which all of Quire's peers have.
 */
export function isRecordOf(peerId: PeerId, bytes: Uint8Array): boolean {
  try {
    const { publicKey, payloadType, payload, signature } = RecordEnvelope.createFromProtobuf(bytes)
    if (publicKey.type !== 'Ed25519' || peerIdFromPublicKey(publicKey).toString() !== peerId) return false
    if (PeerRecord.createFromProtobuf(payload).peerId.toString() !== peerId) return false
    const signed = [Buffer.from(PeerRecord.DOMAIN), payloadType, payload].flatMap((part) => [lengthOf(part), part])
    return publicKey.verify(Buffer.concat(signed), signature) === true
  } catch {
    return false
  }
}

/** The length of a part as an unsigned varint, as libp2p's RFC 0002 puts it before each. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes: number[] = []
  let rest = length
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Uint8Array.from([...bytes, rest])
}
