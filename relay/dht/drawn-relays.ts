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
  readonly #relays = new Map<PeerId, NamedRelay>()

  constructor(peers: PeerStore, mayDial: (address: Multiaddr) => Promise<boolean>) {
    this.#peers = peers
    this.#mayDial = mayDial
  }

  /** One that the DHT knows; its addresses come from itself. */
  async note(id: Libp2pPeerId): Promise<void> {
    const peer = await this.#peers.get(id).catch(() => undefined)
    const addresses: Multiaddr[] = []
    for (const { multiaddr } of peer?.addresses ?? []) if (await this.#mayDial(multiaddr)) addresses.push(multiaddr)
    const url = addresses.map(pageAt).find((page) => page !== undefined)
    if (url === undefined || this.#relays.size >= relaysDrawnMax) return
    const peerId = id.toString() as PeerId
    const direct = addresses.map(String).find((address) => address.includes('/webrtc-direct/certhash/'))
    this.#relays.set(peerId, { url, peerId, ...(direct && { direct: ofPeer(direct, peerId) }) })
  }

  /** A few of those that are known still, others each time. */
  draw(known: ReadonlySet<string>): readonly NamedRelay[] {
    for (const peerId of this.#relays.keys()) if (!known.has(peerId)) this.#relays.delete(peerId)
    const all = [...this.#relays.values()].map((relay) => ({ relay, luck: Math.random() }))
    const drawn = all.toSorted((a, b) => a.luck - b.luck).slice(0, otherRelaysMax)
    return drawn.map(({ relay }) => relay)
  }
}

const ofPeer = (address: string, peerId: PeerId): string => `${address.replace(/\/p2p\/.*/, '')}/p2p/${peerId}`
