import type { PeerId } from '../core/ids.ts'
import { relayRetryMsMax } from '../core/limits.ts'
import type { ConnectOptions, Lane, NamedRelay, Network, NetworkStatus } from './types.ts'

/**
 * A network that is loaded when it is first started: what it stands for is large, and often not needed at once. Where it
 * cannot be loaded, `relays` are told to be out of reach, and it is tried again until it can.
 */
export function lazyNetwork(load: () => Promise<Network>, relays: readonly string[], webrtc: boolean): Network {
  return new LazyNetwork(load, relays, webrtc)
}

class LazyNetwork implements Network {
  readonly #load: () => Promise<Network>
  readonly #relays: readonly string[]
  readonly #webrtc: boolean
  /** What it was told before it was loaded. */
  readonly #early: ((network: Network) => void)[] = []
  #loading: Promise<Network> | undefined
  #loaded: Network | undefined
  /** It was to start, and could not be loaded: when that is tried again. */
  #retry: ReturnType<typeof setTimeout> | undefined
  onStatus: (status: NetworkStatus) => void = () => undefined
  onSelfRecord: () => void = () => undefined
  onLane: (lane: Lane) => void = () => undefined
  onDirect: (peerId: PeerId) => void = () => undefined

  constructor(load: () => Promise<Network>, relays: readonly string[], webrtc: boolean) {
    this.#load = load
    this.#relays = relays
    this.#webrtc = webrtc
  }

  async start(): Promise<void> {
    if (!this.#loading) {
      this.#loading = this.#begin()
      this.#loading.catch(() => this.#onFailure())
    }
    await this.#loading
  }

  async stop(): Promise<void> {
    const network = await this.#loading?.catch(() => undefined)
    clearTimeout(this.#retry)
    await network?.stop()
  }

  status(): NetworkStatus {
    const relays = this.#retry ? this.#relays.map((url) => ({ url, state: 'unreachable' as const })) : []
    return this.#loaded?.status() ?? { relays, webrtc: this.#webrtc }
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
    if (this.#retry) this.#again()
    else this.#loaded?.nudge()
  }

  #again(): void {
    this.start().catch(() => undefined) // it is tried again
  }

  #onFailure(): void {
    this.#loading = undefined
    // Whoever asks for a lane tries, too: one try waits, however many asked.
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#again(), relayRetryMsMax)
    this.onStatus(this.status())
  }

  async #begin(): Promise<Network> {
    const network = await this.#load()
    network.onStatus = (status) => this.onStatus(status)
    network.onSelfRecord = () => this.onSelfRecord()
    network.onLane = (lane) => this.onLane(lane)
    network.onDirect = (peerId) => this.onDirect(peerId)
    for (const tell of this.#early) tell(network)
    this.#loaded = network
    clearTimeout(this.#retry)
    this.#retry = undefined
    await network.start()
    return network
  }
}
