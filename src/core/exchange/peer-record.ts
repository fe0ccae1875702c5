import type { PeerId } from '../ids.ts'
import { peerIdCharsMax, recordBytesMax } from '../limits.ts'
import { utf8Decode, utf8Encode } from '../proto/proto.ts'
import type { PayloadReader, PayloadWriter } from './bytes-io.ts'
import { BadFrame } from './errors.ts'
import type { PeerRecord } from './types.ts'

/** A peer id and its signed record, as messages carry them: `u8 length ‖ id ‖ u16 length ‖ record`. */
export function writePeerRecord(writer: PayloadWriter, { peerId, record }: PeerRecord): void {
  writer.u8(peerId.length).put(utf8Encode(peerId)).u16(record.length).put(record)
}

/** Whether id and record belong together is for whoever dials to check. */
export function readPeerRecord(reader: PayloadReader): PeerRecord {
  const idLength = reader.u8()
  if (idLength === 0 || idLength > peerIdCharsMax) throw new BadFrame('a peer id has an impossible length')
  const peerId = utf8Decode(reader.bytes(idLength))
  // Ids have one byte a letter.
  if (peerId?.length !== idLength) throw new BadFrame('a peer id is no text')
  const recordLength = reader.u16()
  if (recordLength > recordBytesMax) throw new BadFrame('a record is too long')
  return { peerId: peerId as PeerId, record: reader.bytes(recordLength).slice() }
}

export const peerRecordBytes = ({ peerId, record }: PeerRecord): number => 3 + peerId.length + record.length
