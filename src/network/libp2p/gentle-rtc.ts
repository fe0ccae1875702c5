import { beginningEndMs } from '../../core/limits.ts'

/**
 * libp2p closes the channel that a connection begins with in the moment it opens; Firefox misses an end that comes with
 * the beginning, and both sides then wait for each other, every second time that Firefox is dialled. Here that channel
 * ends a little later. libp2p takes the class when it is loaded: this is imported before it, and undone after. [NW24]
 */
const native = globalThis.RTCPeerConnection as typeof RTCPeerConnection | undefined

if (native) {
  globalThis.RTCPeerConnection = class extends native {
    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options)
      const close = channel.close.bind(channel)
      if (label === 'init') channel.close = () => void setTimeout(close, beginningEndMs)
      return channel
    }
  }
}

/** Gives the page its own class back. */
export function undoGentle(): void {
  if (native) globalThis.RTCPeerConnection = native
}
