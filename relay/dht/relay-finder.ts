import type { Identify } from '@libp2p/identify'
import type { PeerId, PeerStore, Startable } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { programRelays, relaysDrawMs, sparesBeyondEnough } from '../../src/core/limits.ts'
import type { NodeNetworkOptions } from '../../src/network/libp2p/node.ts'
import type { Network } from '../../src/network/types.ts'
import { dialFilter } from './addresses.ts'
import { type Dht, dhtClient, knownRelays } from './dht.ts'
import { DrawnRelays } from './drawn-relays.ts'
import { Joining } from './joining.ts'

interface FinderComponents {
  readonly peerId: PeerId
  readonly peerStore: PeerStore
  readonly connectionManager: ConnectionManager
  readonly identify: Identify
  readonly dht: Dht
}

export interface FinderOptions {
  /** Relays by which others are found. */
  readonly bootstrap: readonly string[]
  /** The network that uses them; asked for when there is something to tell it. */
  readonly network: () => Pick<Network, 'status' | 'addSpares'>
}

/** What makes the network of a program, which is no relay itself, find relays through their DHT. [RN15] */
export function findingRelays(options: FinderOptions): Pick<NodeNetworkOptions, 'services' | 'enoughRelays'> {
  if (options.bootstrap.length === 0) return {}
  return {
    enoughRelays: programRelays,
    services: {
      ping: ping(),
      dht: (components) => dhtClient(components as unknown as KadDHTComponents),
      relayFinder: (components) => new RelayFinder(components as unknown as FinderComponents, options)
    }
  }
}

/** Draws relays from those that the DHT knows while too few are there. */
class RelayFinder implements Startable {
  readonly #components: FinderComponents
  readonly #options: FinderOptions
  #joining: Joining | undefined
  #alarm: NodeJS.Timeout | undefined

  constructor(components: FinderComponents, options: FinderOptions) {
    this.#components = components
    this.#options = options
  }

  start(): void {}

  afterStart(): void {
    const { peerId, peerStore, connectionManager, identify, dht } = this.#components
    const drawn = new DrawnRelays(peerStore, async (address) => (await dialFilter(joining.named))(address))
    const drawFor = (wanted: number) => {
      const { relays } = this.#options.network().status()
      const there = relays.filter(({ state }) => state === 'reserved')
      if (there.length < wanted) this.#options.network().addSpares(drawn.draw(known))
    }
    const known = knownRelays(
      dht,
      () => undefined,
      (id) => void drawn.note(id).then(() => drawFor(programRelays + sparesBeyondEnough))
    )
    const joining = new Joining({
      bootstrap: this.#options.bootstrap,
      peerId: peerId.toString(),
      dial: (address, { signal }) => connectionManager.openConnection(address, { signal }),
      identify,
      isAlone: () => known.size === 0
    })
    this.#joining = joining
    this.#alarm = setInterval(() => drawFor(programRelays), relaysDrawMs).unref()
  }

  stop(): void {
    clearInterval(this.#alarm)
    this.#joining?.stop()
  }
}
