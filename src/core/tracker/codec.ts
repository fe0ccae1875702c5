import { bytesOfHex, hexOf } from '../bytes.ts'
import { PayloadReader, PayloadWriter } from '../exchange/bytes-io.ts'
import { BadFrame } from '../exchange/errors.ts'
import { peerRecordBytes, readPeerRecord, writePeerRecord } from '../exchange/peer-record.ts'
import { frameHeadBytes, optionalTypes, type RawFrame } from '../exchange/frame-reader.ts'
import type { PeerRole } from '../exchange/types.ts'
import type { SwarmId } from '../ids.ts'
import { announceTtlMsMax, holdSwarmsMax, peersPerAnswerMax, recordBytesMax } from '../limits.ts'
import type { KnownTrackerFrame, TrackedPeer, TrackerFrame } from './types.ts'

const typeCodes = {
  record: 1,
  announce: 2,
  leave: 3,
  peers: 4,
  refuse: 5,
  hold: optionalTypes,
  look: optionalTypes + 1
} as const
const roles: readonly PeerRole[] = ['tab', 'keeper', 'program']
const reasons = ['too-many', 'no-record'] as const
const flag = { holder: 1, watch: 2 }
const swarmIdBytes = 32

/** A frame as it travels, in a buffer of its own. */
export function encodeTrackerFrame(frame: KnownTrackerFrame): Uint8Array {
  const writer = new PayloadWriter(frameHeadBytes + payloadBytes(frame))
  writer.u32(writer.bytes.length - 4).u8(typeCodes[frame.type])
  switch (frame.type) {
    case 'record':
      writer.put(frame.record)
      break
    case 'announce':
      writer.put(bytesOfHex(frame.swarmId)!).u8(roles.indexOf(frame.role))
      writer.u8((frame.holder ? flag.holder : 0) | (frame.watch ? flag.watch : 0)).u32(frame.ttlMs)
      break
    case 'leave':
    case 'look':
      writer.put(bytesOfHex(frame.swarmId)!)
      break
    case 'peers':
      writer.put(bytesOfHex(frame.swarmId)!).u8(frame.peers.length)
      for (const peer of frame.peers) writePeer(writer, peer)
      break
    case 'refuse':
      writer.put(bytesOfHex(frame.swarmId)!).u8(reasons.indexOf(frame.reason))
      break
    case 'hold':
      writer.u8(roles.indexOf(frame.role)).u32(frame.ttlMs)
      for (const swarmId of frame.swarmIds) writer.put(bytesOfHex(swarmId)!)
  }
  return writer.bytes
}

function payloadBytes(frame: KnownTrackerFrame): number {
  switch (frame.type) {
    case 'record':
      return frame.record.length
    case 'announce':
      return swarmIdBytes + 6
    case 'leave':
    case 'look':
      return swarmIdBytes
    case 'peers':
      return frame.peers.reduce((sum, peer) => sum + 2 + peerRecordBytes(peer), swarmIdBytes + 1)
    case 'refuse':
      return swarmIdBytes + 1
    case 'hold':
      return 5 + frame.swarmIds.length * swarmIdBytes
  }
}

function writePeer(writer: PayloadWriter, peer: TrackedPeer): void {
  writer.u8(roles.indexOf(peer.role)).u8(peer.holder ? flag.holder : 0)
  writePeerRecord(writer, peer)
}

/** Throws BadFrame for bytes that are no frame. */
export function decodeTrackerFrame({ type, payload }: RawFrame): TrackerFrame {
  const reader = new PayloadReader(payload)
  const frame = readFrame(type, reader)
  if (frame.type !== 'unknown') reader.end()
  return frame
}

function readFrame(type: number, reader: PayloadReader): TrackerFrame {
  switch (type) {
    case typeCodes.record:
      if (reader.left > recordBytesMax) throw new BadFrame('a record is too long')
      return { type: 'record', record: reader.bytes(reader.left).slice() }
    case typeCodes.announce: {
      const swarmId = readSwarmId(reader)
      const role = readRole(reader)
      const flags = reader.u8()
      const ttlMs = Math.min(reader.u32(), announceTtlMsMax)
      return {
        type: 'announce',
        swarmId,
        role,
        holder: (flags & flag.holder) !== 0,
        watch: (flags & flag.watch) !== 0,
        ttlMs
      }
    }
    case typeCodes.leave:
      return { type: 'leave', swarmId: readSwarmId(reader) }
    case typeCodes.look:
      return { type: 'look', swarmId: readSwarmId(reader) }
    case typeCodes.peers: {
      const swarmId = readSwarmId(reader)
      const count = reader.u8()
      if (count > peersPerAnswerMax) throw new BadFrame('too many peers at once')
      return { type: 'peers', swarmId, peers: Array.from({ length: count }, () => readPeer(reader)) }
    }
    case typeCodes.refuse: {
      const swarmId = readSwarmId(reader)
      const reason = reasons[reader.u8()]
      if (!reason) throw new BadFrame('a code is unknown')
      return { type: 'refuse', swarmId, reason }
    }
    case typeCodes.hold: {
      const role = readRole(reader)
      const ttlMs = Math.min(reader.u32(), announceTtlMsMax)
      const count = Math.floor(reader.left / swarmIdBytes)
      if (count > holdSwarmsMax) throw new BadFrame('too many swarms at once')
      return { type: 'hold', role, ttlMs, swarmIds: Array.from({ length: count }, () => readSwarmId(reader)) }
    }
    default:
      if (type < optionalTypes) throw new BadFrame('a kind of message that must be understood is unknown')
      return { type: 'unknown', code: type }
  }
}

const readSwarmId = (reader: PayloadReader): SwarmId => hexOf(reader.bytes(swarmIdBytes)) as SwarmId

function readRole(reader: PayloadReader): PeerRole {
  const role = roles[reader.u8()]
  if (!role) throw new BadFrame('a role is unknown')
  return role
}

function readPeer(reader: PayloadReader): TrackedPeer {
  const role = readRole(reader)
  const holder = (reader.u8() & flag.holder) !== 0
  return { role, holder, ...readPeerRecord(reader) }
}
