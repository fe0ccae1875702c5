import { base58Encode } from '../block/base58.ts'
import { bytesEqual, joinBytes } from '../bytes.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { PeerId } from '../ids.ts'
import { recordAddressesMax, recordBytesMax } from '../limits.ts'
import { readProto } from '../proto/proto.ts'
import { utf8Encode } from '../proto/utf8.ts'
import { publicKeyOf, type Signed } from './signed.ts'

const domain = utf8Encode('libp2p-peer-record')
/** An identity hash of 36 bytes: a peer id is one of its key. */
const identityHead = Uint8Array.of(0, 36)
/** Numbers of fields: of what is signed, and of the record in it. */
const [keyField, kindField, recordField, signatureField, peerIdField] = [1, 2, 3, 5, 1] as const

/**
 * Who says that a peer is reached so: libp2p's envelope (its RFC 0002) with a peer record (RFC 0003) in it, by an Ed25519
 * key and about its own peer. Throws BadFrame for bytes that are none. Whether it is signed is for the platform to check.
 */
export function readSignedRecord(bytes: Uint8Array): Signed {
  if (bytes.length > recordBytesMax) throw new BadFrame('a record is too long')
  const field = fieldsOf(bytes)
  const [key, kind, record] = [field(keyField), field(kindField), field(recordField)]
  const id = joinBytes(identityHead, key)
  if (key.length !== identityHead[1] || !bytesEqual(fieldsOf(record)(peerIdField), id))
    throw new BadFrame('a record is about another peer')
  const keeper = base58Encode(id) as PeerId
  const parts = [domain, kind, record].flatMap((part) => [lengthOf(part), part])
  return { keeper, publicKey: publicKeyOf(keeper), signed: joinBytes(...parts), signature: field(signatureField) }
}

function fieldsOf(message: Uint8Array): (number: number) => Uint8Array {
  const fields = readProto(message, recordAddressesMax * 8)
  return (number) => {
    const { bytes } = fields?.findLast((field) => field.number === number) ?? {}
    if (!bytes) throw new BadFrame('a record lacks a part')
    return bytes
  }
}

/** As an unsigned varint, which stands before each part of what is signed. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  return length < 128 ? Uint8Array.of(length) : Uint8Array.of((length & 127) | 128, length >> 7)
}
