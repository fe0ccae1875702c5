import type { Stream } from '@libp2p/interface'
import { wholeMessageBytesMax } from '../../core/limits.ts'

/** A list of bytes, as libp2p makes it of a message: its length, then the rest. */
type Parts = Iterable<Uint8Array> & { readonly byteLength: number; subarray(): Uint8Array }

/** What libp2p's streams over data channels send by: each part becomes a message of the channel. */
interface PartsSender {
  _sendMessage?: (parts: Iterable<Uint8Array>) => void
}

/**
 * A libp2p stream sends the length of each message as a message of its own, which doubles the packets of short ones, and
 * what both ends do for each. Here short ones go together with their length: who reads them takes them as one flow of
 * bytes, and does not see where messages end. [NW40]
 */
export function sendWhole(stream: Stream): void {
  const sender = stream as PartsSender
  const send = sender._sendMessage?.bind(stream)
  if (!send) return
  const sendJoined = (parts: Parts) => send(parts.byteLength > wholeMessageBytesMax ? parts : [parts.subarray()])
  Object.assign(stream, { _sendMessage: sendJoined })
}
