/** What libp2p calls the channel that it opens on a new WebRTC connection, waits for, and closes again. */
const firstLabel = 'init'

/**
 * The other side closes that channel as soon as it has it. Where names of hosts take long to resolve, it has opened
 * and closed before libp2p begins to wait for the one and then the other, and the dial hangs until it times out: about
 * one in ten on one machine. From now on the first channel of each connection tells late listeners what they missed.
 * [NW20]
 */
export function mendFirstChannels(connections: Pick<RTCPeerConnection, 'createDataChannel'>): void {
  const create = connections.createDataChannel
  connections.createDataChannel = function (this: RTCPeerConnection, label, options) {
    const channel = create.call(this, label, options)
    return label === firstLabel ? tellingLate(channel) : channel
  }
}

function tellingLate(channel: RTCDataChannel): RTCDataChannel {
  const past = new Map<string, Event>()
  for (const type of ['open', 'close']) channel.addEventListener(type, (event) => past.set(type, event))
  const listen = channel.addEventListener.bind(channel)
  const listenOrTell = (type: string, listener: (event: Event) => void, options?: AddEventListenerOptions) => {
    const missed = past.get(type)
    if (missed) queueMicrotask(() => listener(missed))
    else listen(type, listener, options)
  }
  return Object.assign(channel, { addEventListener: listenOrTell })
}
