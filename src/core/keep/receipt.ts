import { sha256 } from '@noble/hashes/sha2.js'
import { base58Decode } from '../block/base58.ts'
import { manifestCidBytes } from '../block/cid.ts'
import { hexOf, joinBytes } from '../bytes.ts'
import { PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import type { ManifestCid, PeerId } from '../ids.ts'
import { peerIdCharsMax, receiptBytesMax } from '../limits.ts'
import { utf8Decode, utf8Encode } from '../proto/utf8.ts'
import { readLong, readManifestCid, writeLong } from './codec.ts'

/** What a keeper promised: who keeps which data set, from when until when. */
export interface Promised {
  readonly keeper: PeerId
  readonly manifestCid: ManifestCid
  readonly sizeBytes: number
  readonly fromMs: number
  readonly untilMs: number
}

/** A promise as read, with what it takes to check its signature. */
export interface Receipt extends Promised {
  /** What was signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** The keeper's Ed25519 key, which its peer id holds. */
  readonly publicKey: Uint8Array
}

const version = 1
const signatureBytes = 64
const publicKeyBytes = 32
/** A peer id of an Ed25519 key: an identity hash of 36 bytes, the key in protobuf. */
const peerIdHead = Uint8Array.from([0, 36, 8, 1, 18, publicKeyBytes])
const label = utf8Encode('quire keep receipt v1\n')

const signedText = (body: Uint8Array): Uint8Array => joinBytes(label, body)

/** Makes a receipt; `sign` gives the keeper's Ed25519 signature. [KE6] */
export async function makeReceipt(
  promised: Promised,
  sign: (text: Uint8Array) => Uint8Array | Promise<Uint8Array>
): Promise<Uint8Array> {
  const keeper = utf8Encode(promised.keeper)
  const cid = manifestCidBytes(promised.manifestCid)
  const writer = new PayloadWriter(2 + keeper.length + cid.length + 24)
  writer.u8(version).u8(keeper.length).put(keeper).put(cid)
  writeLong(writeLong(writeLong(writer, promised.sizeBytes), promised.fromMs), promised.untilMs)
  return joinBytes(writer.bytes, await sign(signedText(writer.bytes)))
}

/** Throws BadFrame for bytes that are no receipt. Whether it is signed is for the platform to check. [KE6] */
export function readReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length < signatureBytes || bytes.length > receiptBytesMax)
    throw new BadFrame('a receipt has an impossible length')
  const body = bytes.subarray(0, bytes.length - signatureBytes)
  const reader = new PayloadReader(body)
  if (reader.u8() !== version) throw new BadFrame('a receipt is of another version')
  const length = reader.u8()
  if (length > peerIdCharsMax) throw new BadFrame('a peer id has an impossible length')
  const keeper = (utf8Decode(reader.bytes(length)) ?? '') as PeerId
  const manifestCid = readManifestCid(reader)
  const [sizeBytes, fromMs, untilMs] = [readLong(reader), readLong(reader), readLong(reader)]
  reader.end()
  const signature = bytes.slice(body.length)
  return {
    keeper,
    manifestCid,
    sizeBytes,
    fromMs,
    untilMs,
    signed: signedText(body),
    signature,
    publicKey: keyOf(keeper)
  }
}

function keyOf(peerId: PeerId): Uint8Array {
  const bytes = base58Decode(peerId)
  const isEd25519 =
    bytes?.length === peerIdHead.length + publicKeyBytes && peerIdHead.every((byte, i) => bytes[i] === byte)
  if (!isEd25519) throw new BadFrame('a receipt is not by an Ed25519 key')
  return bytes.slice(peerIdHead.length)
}

/** What an offer says of its owner: who shows the key later owns the copy. [KE9] */
export const ownerOf = (ownerKey: Uint8Array): Uint8Array =>
  sha256(joinBytes(utf8Encode('quire keep owner v1\n'), ownerKey))

export const ownerHex = (ownerKey: Uint8Array): string => hexOf(ownerOf(ownerKey))
