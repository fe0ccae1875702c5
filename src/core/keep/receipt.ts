import { sha256 } from '@noble/hashes/sha2.js'
import { manifestCidBytes } from '../block/cid.ts'
import { hexOf, joinBytes } from '../bytes.ts'
import { type PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import type { ManifestCid, PeerId } from '../ids.ts'
import { utf8Encode } from '../proto/utf8.ts'
import { readLong, readManifestCid, writeLong } from './codec.ts'
import { seal, type Sign, type Signed, unseal } from './signed.ts'

/** What a keeper promised: who keeps which data set, from when until when. */
export interface Promised {
  readonly keeper: PeerId
  readonly manifestCid: ManifestCid
  readonly sizeBytes: number
  readonly fromMs: number
  readonly untilMs: number
}

/** A promise as read, with what it takes to check its signature. */
export type Receipt = Promised & Signed

const label = 'quire keep receipt v1'

/** Makes a receipt. [KE6] */
export function makeReceipt(promised: Promised, sign: Sign): Promise<Uint8Array> {
  const cid = manifestCidBytes(promised.manifestCid)
  const writer = new PayloadWriter(cid.length + 24).put(cid)
  writeLong(writeLong(writeLong(writer, promised.sizeBytes), promised.fromMs), promised.untilMs)
  return seal(label, promised.keeper, writer.bytes, sign)
}

/** Throws BadFrame for bytes that are no receipt. [KE6] */
export const readReceipt = (bytes: Uint8Array): Receipt => unseal(label, bytes, readPromise)

function readPromise(reader: PayloadReader): Omit<Promised, 'keeper'> {
  const manifestCid = readManifestCid(reader)
  const [sizeBytes, fromMs, untilMs] = [readLong(reader), readLong(reader), readLong(reader)]
  return { manifestCid, sizeBytes, fromMs, untilMs }
}

/** What an offer says of its owner: who shows the key later owns the copy. [KE9] */
export const ownerOf = (ownerKey: Uint8Array): Uint8Array =>
  sha256(joinBytes(utf8Encode('quire keep owner v1\n'), ownerKey))

export const ownerHex = (ownerKey: Uint8Array): string => hexOf(ownerOf(ownerKey))
