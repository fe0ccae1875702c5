import { cidCodec, decodeCidBytes, encodeCid, manifestCidBytes } from '../block/cid.ts'
import { bytesOfHex, hexOf } from '../bytes.ts'
import { PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import { frameHeadBytes, optionalTypes, type RawFrame } from '../exchange/frame-reader.ts'
import type { ManifestCid, SwarmId } from '../ids.ts'
import { keepTokenBytesMax, receiptBytesMax } from '../limits.ts'
import {
  type CopyState,
  type InvitationCode,
  isAboutInvitation,
  type KeepFrame,
  type KnownKeepFrame,
  type Offer,
  type RefuseCode
} from './types.ts'

const typeCodes = {
  'offer': 1,
  'accepted': 2,
  'refused': 3,
  'ask-status': 4,
  'status': 5,
  'release': 6,
  'ask-terms': 7,
  'terms': 8
} as const
/** A refusal in words that earlier versions do not have: they pass it over. [KE31] */
const invitationRefused = optionalTypes
const refuseCodes: readonly RefuseCode[] = ['full', 'too-large', 'not-allowed', 'term-too-long']
const invitationCodes: readonly InvitationCode[] = ['invitation-revoked', 'invitation-ended', 'invitation-unknown']
const copyStates: readonly CopyState[] = ['none', 'coming', 'held']
const idBytes = 32
const cidBytes = 38
const word = 2 ** 32
const none = new Uint8Array(0)

/** A whole number below 2⁵³ as eight bytes, the lower ones first. */
export const writeLong = (writer: PayloadWriter, value: number): PayloadWriter =>
  writer.u32(value % word).u32(Math.floor(value / word))

export function readLong(reader: PayloadReader): number {
  const value = reader.u32() + reader.u32() * word
  if (!Number.isSafeInteger(value)) throw new BadFrame('a number is too large')
  return value
}

/** Throws BadFrame for anything but a manifest's address. */
export function readManifestCid(reader: PayloadReader): ManifestCid {
  const bytes = reader.bytes(cidBytes)
  try {
    const { codec, digest } = decodeCidBytes(bytes)
    if (codec === cidCodec.manifest) return encodeCid(codec, digest) as ManifestCid
  } catch {
    // Falls through: not an address is as bad as the address of something else.
  }
  throw new BadFrame('it does not name a manifest')
}

/** A frame as it travels, in a buffer of its own. */
export function encodeKeepFrame(frame: KnownKeepFrame): Uint8Array {
  const writer = new PayloadWriter(frameHeadBytes + payloadBytes(frame))
  writer.u32(writer.bytes.length - 4).u8(typeOf(frame))
  if (frame.type === 'offer') writeOffer(writer, frame.offer)
  else if ('swarmId' in frame) writer.put(bytesOfHex(frame.swarmId)!)
  switch (frame.type) {
    case 'accepted':
      writer.put(frame.receipt)
      break
    case 'refused':
      writer.u8(isAboutInvitation(frame.code) ? invitationCodes.indexOf(frame.code) : refuseCodes.indexOf(frame.code))
      break
    case 'status':
      writer.u8(copyStates.indexOf(frame.state))
      writeLong(writeLong(writer, frame.heldBytes), frame.untilMs)
      break
    case 'release':
      writer.put(frame.ownerKey)
      break
    case 'terms':
      writer.put(frame.terms)
  }
  return writer.bytes
}

const typeOf = (frame: KnownKeepFrame): number =>
  frame.type === 'refused' && isAboutInvitation(frame.code) ? invitationRefused : typeCodes[frame.type]

function payloadBytes(frame: KnownKeepFrame): number {
  switch (frame.type) {
    case 'offer': {
      const { swarmKey = none, token = none } = frame.offer
      return cidBytes + idBytes + 1 + swarmKey.length + 8 + 4 + idBytes + 1 + token.length
    }
    case 'accepted':
      return idBytes + frame.receipt.length
    case 'refused':
      return idBytes + 1
    case 'ask-status':
      return idBytes
    case 'status':
      return idBytes + 17
    case 'release':
      return idBytes + idBytes
    case 'ask-terms':
      return 0
    case 'terms':
      return frame.terms.length
  }
}

function writeOffer(writer: PayloadWriter, offer: Offer): void {
  const { swarmKey = none, token = none } = offer
  writer.put(manifestCidBytes(offer.manifestCid)).put(bytesOfHex(offer.swarmId)!).u8(swarmKey.length).put(swarmKey)
  writeLong(writer, offer.sizeBytes).u32(offer.termMs / 1000)
  writer.put(offer.owner).u8(token.length).put(token)
}

/** Throws BadFrame for bytes that are no frame. [KE1] */
export function decodeKeepFrame({ type, payload }: RawFrame): KeepFrame {
  const reader = new PayloadReader(payload)
  const frame = readFrame(type, reader)
  if (frame.type !== 'unknown') reader.end()
  return frame
}

function readFrame(type: number, reader: PayloadReader): KeepFrame {
  switch (type) {
    case typeCodes.offer:
      return { type: 'offer', offer: readOffer(reader) }
    case typeCodes.accepted:
      return { type: 'accepted', swarmId: readSwarmId(reader), receipt: readSigned(reader) }
    case typeCodes.refused:
      return { type: 'refused', swarmId: readSwarmId(reader), code: oneOf(refuseCodes, reader.u8()) }
    case invitationRefused:
      return readInvitationRefused(reader)
    case typeCodes['ask-status']:
      return { type: 'ask-status', swarmId: readSwarmId(reader) }
    case typeCodes.status: {
      const swarmId = readSwarmId(reader)
      const state = oneOf(copyStates, reader.u8())
      return { type: 'status', swarmId, state, heldBytes: readLong(reader), untilMs: readLong(reader) }
    }
    case typeCodes.release:
      return { type: 'release', swarmId: readSwarmId(reader), ownerKey: reader.bytes(idBytes).slice() }
    case typeCodes['ask-terms']:
      return { type: 'ask-terms' }
    case typeCodes.terms:
      return { type: 'terms', terms: readSigned(reader) }
    default:
      if (type < optionalTypes) throw new BadFrame('a kind of message that must be understood is unknown')
      return { type: 'unknown', code: type }
  }
}

/** A reason of a later version is passed over: what all versions understand comes next. */
function readInvitationRefused(reader: PayloadReader): KeepFrame {
  const swarmId = readSwarmId(reader)
  const code = invitationCodes[reader.u8()]
  return code ? { type: 'refused', swarmId, code } : { type: 'unknown', code: invitationRefused }
}

/** A receipt or terms, as they were signed: the rest of a frame. */
function readSigned(reader: PayloadReader): Uint8Array {
  if (reader.left > receiptBytesMax) throw new BadFrame('what is signed is too long')
  return reader.bytes(reader.left).slice()
}

function readOffer(reader: PayloadReader): Offer {
  const manifestCid = readManifestCid(reader)
  const swarmId = readSwarmId(reader)
  const keyBytes = reader.u8()
  if (keyBytes !== 0 && keyBytes !== idBytes) throw new BadFrame('a swarm key has 32 bytes')
  const swarmKey = keyBytes === 0 ? undefined : reader.bytes(keyBytes).slice()
  const sizeBytes = readLong(reader)
  const termMs = reader.u32() * 1000
  const owner = reader.bytes(idBytes).slice()
  const tokenBytes = reader.u8()
  if (tokenBytes > keepTokenBytesMax) throw new BadFrame('an invitation is too long')
  const token = tokenBytes === 0 ? undefined : reader.bytes(tokenBytes).slice()
  return { manifestCid, swarmId, swarmKey, sizeBytes, termMs, owner, token }
}

const readSwarmId = (reader: PayloadReader): SwarmId => hexOf(reader.bytes(idBytes)) as SwarmId

function oneOf<T>(values: readonly T[], index: number): T {
  const value = values[index]
  if (value === undefined) throw new BadFrame('a code is unknown')
  return value
}
