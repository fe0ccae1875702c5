/** Something that is opened when needed and kept open while others need it more than it costs. */
interface Leased<V> {
  readonly value: Promise<V>
  users: number
  /** Closes once its last user is done. */
  retired: boolean
}

/** Keeps up to `max` things open, by key; more while more are in use. What was used last is closed last. */
export class LeasePool<K, V> {
  readonly #max: number
  readonly #open: (key: K) => Promise<V>
  readonly #close: (value: V) => Promise<void>
  /** Used last, last. */
  readonly #leases = new Map<K, Leased<V>>()
  readonly #closing = new Set<Promise<void>>()

  constructor(max: number, open: (key: K) => Promise<V>, close: (value: V) => Promise<void>) {
    this.#max = max
    this.#open = open
    this.#close = close
  }

  /** Runs `work` with the thing of that key, which stays open until `work` has ended. */
  async use<T>(key: K, work: (value: V) => Promise<T> | T): Promise<T> {
    const leased = this.#leases.get(key) ?? { value: this.#open(key), users: 0, retired: false }
    this.#leases.delete(key)
    this.#leases.set(key, leased)
    leased.users++
    try {
      return await work(await leased.value)
    } finally {
      leased.users--
      this.#tidy(key, leased)
    }
  }

  /** Closes the thing of that key, once nobody uses it; the next use opens it anew. */
  async drop(key: K): Promise<void> {
    const leased = this.#leases.get(key)
    if (leased) this.#retire(key, leased)
    await Promise.all(this.#closing)
  }

  async dropAll(): Promise<void> {
    for (const [key, leased] of [...this.#leases]) this.#retire(key, leased)
    await Promise.all(this.#closing)
  }

  #tidy(key: K, leased: Leased<V>): void {
    if (leased.retired && leased.users === 0) this.#end(leased)
    // What failed to open is tried anew by the next.
    else leased.value.catch(() => this.#leases.get(key) === leased && this.#leases.delete(key))
    for (const [oldest, other] of this.#leases) {
      if (this.#leases.size <= this.#max) return
      if (other.users === 0) this.#retire(oldest, other)
    }
  }

  #retire(key: K, leased: Leased<V>): void {
    this.#leases.delete(key)
    leased.retired = true
    if (leased.users === 0) this.#end(leased)
  }

  #end(leased: Leased<V>): void {
    const closing = leased.value.then(this.#close, () => {}).finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
