import type { Upgrader } from '@libp2p/interface'
import type { webRTC } from '@libp2p/webrtc'
import { beginningMs } from '../../core/limits.ts'
import { PeerUnreachable } from '../errors.ts'
import { hasFailed } from './failures-rtc.ts'

type MakeWebRtc = ReturnType<typeof webRTC>

/** What libp2p knows of an incoming connection before it takes streams. */
interface Beginning {
  readonly peerConnection: EventTarget & Pick<RTCPeerConnection, 'connectionState'>
  readonly earlyDataChannels: readonly { readonly channel: RTCDataChannel }[]
}

/**
 * libp2p's WebRTC where who is dialled waits for the dialler. A dialler opens a channel named `init`, and once it is
 * connected it waits until that has opened, closes it, and goes on. By itself, who is dialled closes it as soon as it is
 * connected: where that is the sooner, the dialler waits for a closed channel to open until its dial times out, one time in ten. So
 * incoming connections take no streams until the dialler has closed that channel. [NW20]
 */
export function patient(make: MakeWebRtc): MakeWebRtc {
  return (components) => {
    const { upgrader } = components
    const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
      await hasBegun(options.muxerFactory as unknown as Beginning)
      return upgrader.upgradeInbound(connection, options)
    }
    const waiting = Object.create(upgrader, { upgradeInbound: { value: upgradeInbound } }) as Upgrader
    return make(Object.create(components, { upgrader: { value: waiting } }) as typeof components)
  }
}

/** Resolves when the dialler has closed its first channel, or took too long; rejects when the connection fails. [NW42] */
function hasBegun({ peerConnection, earlyDataChannels }: Beginning): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const lookAtState = (): void => {
    if (hasFailed(peerConnection)) reject(new PeerUnreachable())
  }
  const look = (channel: RTCDataChannel): void => {
    // A stream comes only after that channel, whose end is not told everywhere.
    if (channel.label !== 'init' || channel.readyState === 'closed') resolve()
    else channel.addEventListener('close', () => resolve(), { once: true })
  }
  const lookAtNew = (event: Event): void => look((event as RTCDataChannelEvent).channel)
  for (const { channel } of earlyDataChannels) look(channel)
  peerConnection.addEventListener('datachannel', lookAtNew)
  peerConnection.addEventListener('connectionstatechange', lookAtState)
  lookAtState()
  const late = setTimeout(resolve, beginningMs)
  return promise.finally(() => {
    clearTimeout(late)
    peerConnection.removeEventListener('datachannel', lookAtNew)
    peerConnection.removeEventListener('connectionstatechange', lookAtState)
  })
}
