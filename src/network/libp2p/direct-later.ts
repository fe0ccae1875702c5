import type { Connection, DialTransportOptions, Listener, Transport } from '@libp2p/interface'
import { transportSymbol } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WebRTCDirectTransport as Whole } from 'libp2p-webrtc-direct'

type Made = ConstructorParameters<typeof Whole>

/**
 * Stands in the page for libp2p's own transport of this name, which weighs 6 KiB and is loaded when a relay is dialled
 * by it: most pages are served by a relay and dial none.
 */
export class WebRTCDirectTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@libp2p/webrtc-direct'
  readonly #made: Made

  constructor(...made: Made) {
    this.#made = made
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const { WebRTCDirectTransport: Loaded } = await import('libp2p-webrtc-direct')
    return new Loaded(...this.#made).dial(address, options)
  }

  createListener(): Listener {
    throw new Error('a page listens nowhere')
  }

  listenFilter(): Multiaddr[] {
    return []
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => /\/webrtc-direct\/certhash\/[^/]+(\/p2p\/\w+)?$/.test(address.toString()))
  }
}
