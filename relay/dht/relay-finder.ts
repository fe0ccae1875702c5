import type { Identify } from '@libp2p/identify'
import type { PeerId, PeerStore, Startable } from '@libp2p/interface'
import type { ConnectionManager } from '@libp2p/interface-internal'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { dhtClientSelfMs, dhtQueryMs, programRelays, relaysDrawMs, sparesBeyondEnough } from '../../src/core/limits.ts'
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
  #drawn: DrawnRelays | undefined
  #known: ReadonlySet<string> = new Set()
  #alarm: NodeJS.Timeout | undefined
  #pauseMs = relaysDrawMs

  constructor(components: FinderComponents, options: FinderOptions) {
    this.#components = components
    this.#options = options
  }

  start(): void {}

  afterStart(): void {
    const { peerId, peerStore, connectionManager, identify, dht } = this.#components
    const drawn = new DrawnRelays(peerStore, async (address) => (await dialFilter(joining.named))(address))
    this.#drawn = drawn
    this.#known = knownRelays(
      dht,
      () => undefined,
      (id) => void drawn.note(id).then(() => this.#draw())
    )
    const joining = new Joining({
      bootstrap: this.#options.bootstrap,
      peerId: peerId.toString(),
      dial: (address, { signal }) => connectionManager.openConnection(address, { signal }),
      identify,
      isAlone: () => this.#known.size === 0
    })
    this.#joining = joining
    this.#lookLater()
  }

  stop(): void {
    clearTimeout(this.#alarm)
    this.#joining?.stop()
  }

  /** A busy moment may have hidden a relay from the DHT's table: it is asked again, ever less often where that is all. */
  #lookLater(): void {
    this.#alarm = setTimeout(() => {
      const isShort = this.#draw()
      if (isShort) void this.#ask()
      this.#pauseMs = isShort ? Math.min(2 * this.#pauseMs, dhtClientSelfMs) : relaysDrawMs
      this.#lookLater()
    }, this.#pauseMs).unref()
  }

  /** Whether too few are there. */
  #draw(): boolean {
    const network = this.#options.network()
    const there = network.status().relays.filter(({ state }) => state === 'reserved')
    const isShort = there.length < programRelays + sparesBeyondEnough
    if (isShort) network.addSpares(this.#drawn!.draw(this.#known))
    return isShort
  }

  async #ask(): Promise<void> {
    const { dht, peerId } = this.#components
    try {
      const signal = AbortSignal.timeout(dhtQueryMs)
      const asking = dht.getClosestPeers(peerId.toMultihash().bytes, { signal })[Symbol.asyncIterator]()
      while (!(await asking.next()).done) continue
    } catch {
      // Whom it met until then counts.
    }
  }
}
