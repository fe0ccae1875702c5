/** A part of `@libp2p/webrtc` that the build of the page names by itself, so that it can be loaded by itself. */
declare module 'libp2p-webrtc-direct' {
  import type { Connection, DialTransportOptions } from '@libp2p/interface'
  import type { webRTCDirect } from '@libp2p/webrtc'
  import type { Multiaddr } from '@multiformats/multiaddr'

  export class WebRTCDirectTransport {
    constructor(components: Parameters<ReturnType<typeof webRTCDirect>>[0], init?: Parameters<typeof webRTCDirect>[0])
    dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection>
  }
}
