import { bytesOfHex, hexOf } from '../bytes.ts'
import { groupIndex, type SwarmId } from '../ids.ts'
import {
  blockBytesMax,
  frameBytesMax,
  groupLeaves,
  helloBytesMax,
  manifestBytesMax,
  messageBlocks,
  pathNodesMax,
  peerIdCharsMax,
  peersToldMax,
  recordBytesMax
} from '../limits.ts'
import { hashBytes } from '../merkle/node.ts'
import { PayloadReader, PayloadWriter, rangesBytes } from './bytes-io.ts'
import { BadFrame } from './errors.ts'
import { frameHeadBytes, optionalTypes, type RawFrame } from './frame-reader.ts'
import { peerRecordBytes, readPeerRecord, writePeerRecord } from './peer-record.ts'
import type { ByeCode, Frame, KnownFrame, PeerRole, RefuseCode } from './types.ts'

/** Version of the protocol that a hello states; another one is refused with a clear error. */
export const exchangeVersion = 1

const typeCodes = {
  'hello': 1,
  'welcome': 2,
  'state': 3,
  'have': 4,
  'gone': 5,
  'want-hashes': 6,
  'hashes': 7,
  'refuse-hashes': 8,
  'want': 9,
  'blocks': 10,
  'refuse': 11,
  'cancel': 12,
  'bye': 13,
  'peers': 128,
  'suggest': 129
} as const

const roles: readonly PeerRole[] = ['tab', 'keeper', 'program']
const refuseCodes: readonly RefuseCode[] = ['busy', 'not-held', 'not-serving', 'cancelled']
const byeCodes: readonly ByeCode[] = [
  'unknown-swarm',
  'bad-proof',
  'duplicate',
  'leaving',
  'protocol',
  'bad-block',
  'stalled',
  'too-many'
]
const flag = { serving: 1, complete: 2, manifest: 4 }
const noBytes = new Uint8Array(0)

/** A frame as it travels, in a buffer of its own that may be given away. */
export function encodeFrame(frame: KnownFrame): Uint8Array {
  const writer = new PayloadWriter(frameBytes(frame))
  writer.u32(writer.bytes.length - 4).u8(typeCodes[frame.type])
  writePayload(writer, frame)
  return writer.bytes
}

/** What a frame takes on the wire. */
export const frameBytes = (frame: KnownFrame): number => frameHeadBytes + payloadBytes(frame)

function payloadBytes(frame: KnownFrame): number {
  switch (frame.type) {
    case 'hello':
      return 1 + 32 + 1 + 1 + 1 + (frame.proof?.length ?? 0)
    case 'welcome':
      return 1 + 1 + 1 + (frame.proof?.length ?? 0)
    case 'state':
      return 1 + 4 + (frame.manifest?.length ?? 0) + rangesBytes(frame.ranges)
    case 'have':
    case 'gone':
    case 'want':
    case 'cancel':
    case 'suggest':
      return rangesBytes(frame.ranges)
    case 'want-hashes':
      return 4
    case 'hashes':
      return 4 + 2 + frame.hashes.leaves.length + 1 + frame.hashes.path.length
    case 'refuse-hashes':
      return 5
    case 'blocks':
      return 4 + 2 + frame.blocks.reduce((sum, block) => sum + block.length, 0)
    case 'refuse':
      return 1 + rangesBytes(frame.ranges)
    case 'bye':
      return 1
    case 'peers':
      return frame.peers.reduce((sum, peer) => sum + peerRecordBytes(peer), 1)
  }
}

function writePayload(writer: PayloadWriter, frame: KnownFrame): void {
  switch (frame.type) {
    case 'hello':
      writer.u8(exchangeVersion).put(bytesOfHex(frame.swarmId)!).u8(roles.indexOf(frame.role)).u8(frame.lane)
      writer.u8(frame.proof?.length ?? 0).put(frame.proof ?? noBytes)
      break
    case 'welcome':
      writer.u8(exchangeVersion).u8(roles.indexOf(frame.role))
      writer.u8(frame.proof?.length ?? 0).put(frame.proof ?? noBytes)
      break
    case 'state':
      writer.u8(
        (frame.serving ? flag.serving : 0) | (frame.complete ? flag.complete : 0) | (frame.manifest ? flag.manifest : 0)
      )
      writer
        .u32(frame.manifest?.length ?? 0)
        .put(frame.manifest ?? noBytes)
        .ranges(frame.ranges)
      break
    case 'have':
    case 'gone':
    case 'want':
    case 'cancel':
    case 'suggest':
      writer.ranges(frame.ranges)
      break
    case 'want-hashes':
      writer.u32(frame.group)
      break
    case 'hashes':
      writer
        .u32(frame.group)
        .u16(frame.hashes.leaves.length / hashBytes)
        .put(frame.hashes.leaves)
      writer.u8(frame.hashes.path.length / hashBytes).put(frame.hashes.path)
      break
    case 'refuse-hashes':
      writer.u32(frame.group).u8(refuseCodes.indexOf(frame.code))
      break
    case 'blocks':
      writer.u32(frame.start).u16(frame.blocks.length)
      for (const block of frame.blocks) writer.put(block)
      break
    case 'refuse':
      writer.u8(refuseCodes.indexOf(frame.code)).ranges(frame.ranges)
      break
    case 'bye':
      writer.u8(byeCodes.indexOf(frame.code))
      break
    case 'peers':
      writer.u8(frame.peers.length)
      for (const peer of frame.peers) writePeerRecord(writer, peer)
  }
}

/** Reads a frame; throws BadFrame for bytes that are none. Byte fields are views of the payload. [EX3] */
export function decodeFrame({ type, payload }: RawFrame): Frame {
  const decode = decoders.get(type)
  if (!decode) {
    if (type < optionalTypes) throw new BadFrame('a kind of message that must be understood is unknown')
    return { type: 'unknown', code: type }
  }
  const reader = new PayloadReader(payload)
  const frame = decode(reader)
  if (!mayGrow.has(frame.type)) reader.end()
  return frame
}

/** Greetings of a later version may say more at their end; what is not known of it is passed over. [EX4] */
const mayGrow = new Set<Frame['type']>(['hello', 'welcome', 'state'])

const oneOf = <T>(values: readonly T[], index: number): T => {
  const value = values[index]
  if (value === undefined) throw new BadFrame('a code is unknown')
  return value
}

function checkVersion(reader: PayloadReader): void {
  if (reader.u8() !== exchangeVersion) throw new BadFrame('it speaks another version')
}

function readProof(reader: PayloadReader): Uint8Array | undefined {
  const length = reader.u8()
  if (length !== 0 && length !== hashBytes) throw new BadFrame('a proof has 32 bytes')
  return length === 0 ? undefined : reader.bytes(length).slice()
}

function readHello(reader: PayloadReader): Frame {
  checkVersion(reader)
  const swarmId = hexOf(reader.bytes(32)) as SwarmId
  return { type: 'hello', swarmId, role: oneOf(roles, reader.u8()), lane: reader.u8(), proof: readProof(reader) }
}

function readState(reader: PayloadReader): Frame {
  const flags = reader.u8()
  const length = reader.u32()
  const hasManifest = (flags & flag.manifest) !== 0
  if (length > manifestBytesMax || hasManifest !== length > 0) throw new BadFrame('a manifest has an impossible length')
  const manifest = hasManifest ? reader.bytes(length).slice() : undefined
  return {
    type: 'state',
    serving: (flags & flag.serving) !== 0,
    complete: (flags & flag.complete) !== 0,
    manifest,
    ranges: reader.risingRanges()
  }
}

function readHashes(reader: PayloadReader): Frame {
  const group = groupIndex(reader.u32())
  const leafCount = reader.u16()
  if (leafCount > groupLeaves) throw new BadFrame('a hash group is too long')
  const leaves = reader.bytes(leafCount * hashBytes).slice()
  const nodes = reader.u8()
  if (nodes > pathNodesMax) throw new BadFrame('a path is too long')
  return { type: 'hashes', group, hashes: { leaves, path: reader.bytes(nodes * hashBytes).slice() } }
}

function readBlocks(reader: PayloadReader): Frame {
  const start = reader.u32()
  const count = reader.u16()
  if (count === 0 || count > messageBlocks) throw new BadFrame('a message holds one to three blocks')
  const size = reader.left / count
  if (!Number.isInteger(size) || size === 0 || size > blockBytesMax) throw new BadFrame('blocks have unequal sizes')
  return { type: 'blocks', start, blocks: Array.from({ length: count }, () => reader.bytes(size)) }
}

function readPeers(reader: PayloadReader): Frame {
  const count = reader.u8()
  if (count > peersToldMax) throw new BadFrame('too many peers at once')
  return { type: 'peers', peers: Array.from({ length: count }, () => readPeerRecord(reader)) }
}

const decoders = new Map<number, (reader: PayloadReader) => Frame>([
  [typeCodes.hello, readHello],
  [
    typeCodes.welcome,
    (reader) => {
      checkVersion(reader)
      return { type: 'welcome', role: oneOf(roles, reader.u8()), proof: readProof(reader) }
    }
  ],
  [typeCodes.state, readState],
  [typeCodes.have, (reader) => ({ type: 'have', ranges: reader.risingRanges() })],
  [typeCodes.gone, (reader) => ({ type: 'gone', ranges: reader.risingRanges() })],
  [typeCodes['want-hashes'], (reader) => ({ type: 'want-hashes', group: groupIndex(reader.u32()) })],
  [typeCodes.hashes, readHashes],
  [
    typeCodes['refuse-hashes'],
    (reader) => ({ type: 'refuse-hashes', group: groupIndex(reader.u32()), code: oneOf(refuseCodes, reader.u8()) })
  ],
  [typeCodes.want, (reader) => ({ type: 'want', ranges: reader.ranges() })],
  [typeCodes.blocks, readBlocks],
  [typeCodes.refuse, (reader) => ({ type: 'refuse', code: oneOf(refuseCodes, reader.u8()), ranges: reader.ranges() })],
  [typeCodes.cancel, (reader) => ({ type: 'cancel', ranges: reader.ranges() })],
  [typeCodes.peers, readPeers],
  [typeCodes.suggest, (reader) => ({ type: 'suggest', ranges: reader.ranges() })],
  [typeCodes.bye, (reader) => ({ type: 'bye', code: oneOf(byeCodes, reader.u8()) })]
])

const rangeFrameBytes = 16 * 1024
const bytesMaxByType = new Map<number, number>([
  [typeCodes.hello, helloBytesMax],
  [typeCodes.welcome, helloBytesMax],
  [typeCodes.state, manifestBytesMax + rangeFrameBytes],
  [typeCodes.have, rangeFrameBytes],
  [typeCodes.gone, rangeFrameBytes],
  [typeCodes.want, rangeFrameBytes],
  [typeCodes.cancel, rangeFrameBytes],
  [typeCodes.refuse, rangeFrameBytes],
  [typeCodes.suggest, rangeFrameBytes],
  [typeCodes.peers, 2 + peersToldMax * (3 + peerIdCharsMax + recordBytesMax)],
  [typeCodes.hashes, (groupLeaves + pathNodesMax + 1) * hashBytes],
  [typeCodes.blocks, frameBytesMax]
])

/** Bytes that a frame of this kind may have, type and payload: what a FrameReader of an exchange lane is given. [EX2] */
export const frameBytesMaxOf = (type: number): number => bytesMaxByType.get(type) ?? helloBytesMax
