import type { Stream } from '@libp2p/interface'

type Parts = Iterable<Uint8Array> & { subarray?(): Uint8Array }

/** What libp2p's streams over data channels send by: each part of a message in turn, its length first. */
interface PartsSender {
  _sendMessage?: (parts: Parts) => void
}

/**
 * A libp2p stream sends the length of each message as a message of its own, which doubles the packets of short ones, and
 * what both ends do for each. Here length and message go together: who reads them takes them as one flow of bytes, and
 * does not see where messages end. [NW40]
 */
export function sendWhole(stream: Stream): void {
  const sender = stream as PartsSender
  const send = sender._sendMessage?.bind(stream)
  if (send) sender._sendMessage = (parts) => send(parts.subarray ? [parts.subarray()] : parts)
}
