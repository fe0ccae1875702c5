import { BaseDatastore } from 'datastore-core'
import { Key, type Pair, type Query } from 'interface-datastore'
import { providersMax, providersPerRelayMax, providersPerSwarmMax, providerTtlMs } from '../../src/core/limits.ts'

interface Provider {
  readonly value: Uint8Array
  readonly untilMs: number
}

/** A key of the DHT: `/dht/provider/<hash of a swarm>/<relay>`. What else it would store is not Quire's. */
const keyPattern = /^\/dht\/provider\/([a-z2-7]{1,80})(?:\/([A-Za-z0-9]{1,80}))?$/

/**
 * What the DHT remembers of others, for kad-dht, which neither bounds what it stores nor finds it without looking at all
 * of it: by swarm, in memory, until it expires. [RN10]
 */
export class ProviderStore extends BaseDatastore {
  readonly #nowMs: () => number
  /** Relays by swarm, in the order in which they were last told of. */
  readonly #swarms = new Map<string, Map<string, Provider>>()
  readonly #countOf = new Map<string, number>()
  #count = 0

  constructor(nowMs: () => number) {
    super()
    this.#nowMs = nowMs
  }

  get count(): number {
    return this.#count
  }

  /** Takes nothing where there is no room: whoever tells it does so at several relays, and again. */
  override put(key: Key, value: Uint8Array): Key {
    const [, swarm, relay] = keyPattern.exec(key.toString()) ?? []
    if (swarm === undefined || relay === undefined) return key
    const relays = this.#swarms.get(swarm) ?? new Map<string, Provider>()
    this.#remove(swarm, relay)
    const isFull =
      this.#count >= providersMax ||
      relays.size >= providersPerSwarmMax ||
      (this.#countOf.get(relay) ?? 0) >= providersPerRelayMax
    if (isFull) return key
    relays.set(relay, { value, untilMs: this.#nowMs() + providerTtlMs })
    this.#swarms.set(swarm, relays)
    this.#countOf.set(relay, (this.#countOf.get(relay) ?? 0) + 1)
    this.#count++
    return key
  }

  override delete(key: Key): void {
    const [, swarm, relay] = keyPattern.exec(key.toString()) ?? []
    if (swarm !== undefined && relay !== undefined) this.#remove(swarm, relay)
  }

  /** The DHT asks for the relays of one swarm alone. */
  override *query({ prefix }: Query): Generator<Pair> {
    const [, swarm] = keyPattern.exec(prefix ?? '') ?? []
    for (const [relay, { value, untilMs }] of this.#swarms.get(swarm ?? '') ?? []) {
      if (untilMs > this.#nowMs()) yield { key: new Key(`${prefix}/${relay}`), value }
    }
  }

  /** Forgets what expired. */
  sweep(): void {
    for (const [swarm, relays] of this.#swarms) {
      for (const [relay, { untilMs }] of relays) if (untilMs <= this.#nowMs()) this.#remove(swarm, relay)
    }
  }

  #remove(swarm: string, relay: string): void {
    const relays = this.#swarms.get(swarm)
    if (!relays?.delete(relay)) return
    if (relays.size === 0) this.#swarms.delete(swarm)
    const left = this.#countOf.get(relay)! - 1
    if (left === 0) this.#countOf.delete(relay)
    else this.#countOf.set(relay, left)
    this.#count--
  }
}
