/** What is used here of the class that a program has for WebRTC. */
interface PeerConnectionClass {
  readonly prototype: RTCPeerConnection
}

type Create = (this: RTCPeerConnection, label: string, options?: RTCDataChannelInit) => RTCDataChannel

const told = new WeakSet<PeerConnectionClass>()

/**
 * A dial of libp2p whose connection fails waits for the channel that it began with to open, until its time is over. Here
 * that channel tells of the failure, and the next try begins. In a program that is not rare: libdatachannel refuses the
 * other's certificate, as an unknown one, where it comes before the description that names it is stored, which on a
 * busy machine takes longer than connecting. [NW42]
 */
export function tellFailures(rtc: PeerConnectionClass): void {
  if (told.has(rtc)) return
  told.add(rtc)
  const { prototype } = rtc
  const create: Create = Reflect.get(prototype, 'createDataChannel')
  prototype.createDataChannel = function (label, options) {
    const channel = create.call(this, label, options)
    const look = (): void => {
      if (hasFailed(this) && channel.readyState === 'connecting') channel.dispatchEvent(new Event('error'))
    }
    if (label === 'init') this.addEventListener('connectionstatechange', look)
    return channel
  }
}

export const hasFailed = ({ connectionState }: Pick<RTCPeerConnection, 'connectionState'>): boolean =>
  connectionState === 'failed' || connectionState === 'closed'
