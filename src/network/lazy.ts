import type { PeerId } from '../core/ids.ts'
import type { ConnectOptions, Lane, NamedRelay, Network, NetworkStatus } from './types.ts'

/** A network that is loaded when it is first started: what it stands for is large, and often not needed at once. */
export function lazyNetwork(load: () => Promise<Network>, webrtc: boolean): Network {
  return new LazyNetwork(load, webrtc)
}

class LazyNetwork implements Network {
  readonly #load: () => Promise<Network>
  readonly #webrtc: boolean
  /** What it was told before it was loaded. */
  readonly #early: ((network: Network) => void)[] = []
  #loading: Promise<Network> | undefined
  #loaded: Network | undefined
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(load: () => Promise<Network>, webrtc: boolean) {
    this.#load = load
    this.#webrtc = webrtc
  }

  async start(): Promise<void> {
    this.#loading ??= this.#begin()
    this.#loading.catch(() => (this.#loading = undefined)) // offline: the next start tries again
    await this.#loading
  }

  async stop(): Promise<void> {
    await (await this.#loading)?.stop()
  }

  status(): NetworkStatus {
    return this.#loaded?.status() ?? { relays: [], webrtc: this.#webrtc }
  }

  async selfRecord(): Promise<Uint8Array | undefined> {
    return this.#loaded?.selfRecord()
  }

  async connect(record: Uint8Array, options: ConnectOptions): Promise<Lane> {
    await this.start()
    return this.#loaded!.connect(record, options)
  }

  addRelay(url: string): void {
    this.#tell((network) => network.addRelay(url))
  }

  addSpares(spares: readonly NamedRelay[]): void {
    this.#tell((network) => network.addSpares(spares))
  }

  #tell(what: (network: Network) => void): void {
    if (this.#loaded) what(this.#loaded)
    else this.#early.push(what)
  }

  nudge(): void {
    this.#loaded?.nudge()
  }

  async #begin(): Promise<Network> {
    const network = await this.#load()
    network.onStatus = (status) => this.onStatus(status)
    network.onSelfRecord = () => this.onSelfRecord()
    network.onLane = (lane) => this.onLane(lane)
    network.onDirect = (peerId) => this.onDirect(peerId)
    for (const tell of this.#early) tell(network)
    this.#loaded = network
    await network.start()
    return network
  }
}
