import type { PeerId as Libp2pPeerId, PeerStore } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../src/core/ids.ts'
import { otherRelaysMax, relaysDrawnMax } from '../../src/core/limits.ts'
import { pageAt } from '../../src/network/libp2p/relay-info.ts'
import type { NamedRelay } from '../../src/network/types.ts'

/** Where relays are that the DHT knows, so that some can be named: to peers of ours, or to ourselves. [RL21] [RN15] */
export class DrawnRelays {
  readonly #peers: PeerStore
  readonly #mayDial: (address: Multiaddr) => Promise<boolean>
  readonly #pages = new Map<PeerId, string>()

  constructor(peers: PeerStore, mayDial: (address: Multiaddr) => Promise<boolean>) {
    this.#peers = peers
    this.#mayDial = mayDial
  }

  /** One that the DHT knows; its addresses come from itself. */
  async note(id: Libp2pPeerId): Promise<void> {
    const peer = await this.#peers.get(id).catch(() => undefined)
    for (const { multiaddr } of peer?.addresses ?? []) {
      const page = pageAt(multiaddr)
      if (page === undefined || !(await this.#mayDial(multiaddr))) continue
      if (this.#pages.size < relaysDrawnMax) this.#pages.set(id.toString() as PeerId, page)
      return
    }
  }

  /** A few of those that are known still, others each time. */
  draw(known: ReadonlySet<string>): readonly NamedRelay[] {
    for (const peerId of this.#pages.keys()) if (!known.has(peerId)) this.#pages.delete(peerId)
    const all = [...this.#pages].map(([peerId, url]) => ({ peerId, url, luck: Math.random() }))
    const drawn = all.toSorted((a, b) => a.luck - b.luck).slice(0, otherRelaysMax)
    return drawn.map(({ url, peerId }) => ({ url, peerId }))
  }
}
