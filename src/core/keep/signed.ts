import { base58Decode } from '../block/base58.ts'
import { joinBytes } from '../bytes.ts'
import { PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { PeerId } from '../ids.ts'
import { peerIdCharsMax, receiptBytesMax } from '../limits.ts'
import { utf8Decode, utf8Encode } from '../proto/utf8.ts'

/** What it takes to check who said something. */
export interface Signed {
  readonly keeper: PeerId
  /** What was signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** The keeper's Ed25519 key, which its peer id holds. */
  readonly publicKey: Uint8Array
}

/** Gives a keeper's Ed25519 signature. */
export type Sign = (text: Uint8Array) => Uint8Array | Promise<Uint8Array>

const version = 1
const signatureBytes = 64
const publicKeyBytes = 32
/** A peer id of an Ed25519 key: an identity hash of 36 bytes, the key in protobuf. */
const peerIdHead = Uint8Array.from([0, 36, 8, 1, 18, publicKeyBytes])

const textOf = (label: string, body: Uint8Array): Uint8Array => joinBytes(utf8Encode(`${label}\n`), body)

/** What a keeper says under its name: `u8 1 ‖ u8 n ‖ its peer id ‖ what it says ‖ signature`. */
export async function seal(label: string, by: PeerId, said: Uint8Array, sign: Sign): Promise<Uint8Array> {
  const keeper = utf8Encode(by)
  const { bytes: body } = new PayloadWriter(2 + keeper.length + said.length)
    .u8(version)
    .u8(keeper.length)
    .put(keeper)
    .put(said)
  return joinBytes(body, await sign(textOf(label, body)))
}

/** Throws BadFrame for bytes that are nothing of that kind. Whether it is signed is for the platform to check. */
export function unseal<T extends object>(
  label: string,
  bytes: Uint8Array,
  read: (reader: PayloadReader) => T
): T & Signed {
  if (bytes.length < signatureBytes || bytes.length > receiptBytesMax)
    throw new BadFrame('what is signed has an impossible length')
  const body = bytes.subarray(0, bytes.length - signatureBytes)
  const reader = new PayloadReader(body)
  if (reader.u8() !== version) throw new BadFrame('what is signed is of another version')
  const length = reader.u8()
  if (length > peerIdCharsMax) throw new BadFrame('a peer id has an impossible length')
  const keeper = (utf8Decode(reader.bytes(length)) ?? '') as PeerId
  const said = read(reader)
  reader.end()
  const signature = bytes.slice(body.length)
  return { ...said, keeper, signed: textOf(label, body), signature, publicKey: publicKeyOf(keeper) }
}

/** Throws BadFrame for what is no peer id of an Ed25519 key, which all of Quire's peers have. */
export function publicKeyOf(peerId: PeerId): Uint8Array {
  const bytes = base58Decode(peerId)
  const isEd25519 =
    bytes?.length === peerIdHead.length + publicKeyBytes && peerIdHead.every((byte, i) => bytes[i] === byte)
  if (!isEd25519) throw new BadFrame('it is not signed by an Ed25519 key')
  return bytes.slice(peerIdHead.length)
}
