import type { Identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { bootstrapAloneMs, bootstrapMs, bootstrapTryMs } from '../../src/core/limits.ts'
import { findBootstrap } from './bootstrap.ts'

export interface JoiningParts {
  /** Relays by which others are found. */
  readonly bootstrap: readonly string[]
  /** Ours: one that is named to itself passes that over. */
  readonly peerId: string
  readonly dial: (address: Multiaddr, options: { signal: AbortSignal }) => Promise<Connection>
  readonly identify: Identify
  readonly isAlone: () => boolean
}

/** How one comes among the relays of the DHT. They are tried again and again: all may have been away at first. [RN9] */
export class Joining {
  readonly #parts: JoiningParts
  /** Those whom we asked who they are, so that the DHT knows them. */
  readonly #identified = new WeakSet<Connection>()
  #named: readonly Multiaddr[] = []
  #alarm: NodeJS.Timeout | undefined
  #stopped = false

  constructor(parts: JoiningParts) {
    this.#parts = parts
    void this.#greetAll()
  }

  /** Where those are that were named, as far as that could be found out last. */
  get named(): readonly Multiaddr[] {
    return this.#named
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#alarm)
  }

  /** The DHT takes those in who say that they speak it. */
  async identify(connection: Connection): Promise<void> {
    if (this.#identified.has(connection) || this.#stopped) return
    this.#identified.add(connection)
    await this.#parts.identify
      .identify(connection, { signal: AbortSignal.timeout(bootstrapTryMs) })
      .catch(() => undefined)
  }

  async #greetAll(): Promise<void> {
    const found = await findBootstrap(this.#parts.bootstrap)
    if (found.length > 0) this.#named = found
    await Promise.all(found.map((address) => this.#greet(address).catch(() => undefined)))
    if (this.#stopped) return
    this.#alarm = setTimeout(() => void this.#greetAll(), this.#parts.isAlone() ? bootstrapAloneMs : bootstrapMs)
    this.#alarm.unref()
  }

  async #greet(address: Multiaddr): Promise<void> {
    if (this.#stopped || address.toString().endsWith(`/p2p/${this.#parts.peerId}`)) return
    await this.identify(await this.#parts.dial(address, { signal: AbortSignal.timeout(bootstrapTryMs) }))
  }
}
