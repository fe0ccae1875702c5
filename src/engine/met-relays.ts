import { metRelayMs, metRelaysMax } from '../core/limits.ts'
import type { NamedRelay, Network } from '../network/types.ts'
import type { Catalog } from '../store/types.ts'

interface MetRelay {
  readonly url: string
  /** When a link that names it was opened last, and it answered. */
  readonly metAtMs: number
}

const name = 'relays'
const sparesName = 'spare relays'

/** Relays that links led to: used again in the next visits, so that what was found by them is found by them again. */
export class MetRelays {
  readonly #catalog: Catalog
  readonly #network: Network
  /** Named by a link of this visit, and not seen to work yet. */
  readonly #named = new Set<string>()
  #sparesKnown = ''
  #recalling: Promise<void> | undefined

  constructor(catalog: Catalog, network: Network) {
    this.#catalog = catalog
    this.#network = network
  }

  /** Takes up those that are remembered. Who asks while it is under way, as a whole library does, waits for that. */
  recall(): Promise<void> {
    this.#recalling ??= this.#recall().finally(() => (this.#recalling = undefined))
    return this.#recalling
  }

  async #recall(): Promise<void> {
    for (const { url } of await this.#remembered()) this.#network.addRelay(url)
    const spares = (await this.#catalog.get(sparesName).catch(() => undefined)) as readonly NamedRelay[] | undefined
    if (spares) this.#network.addSpares(spares)
  }

  /** A link names it. */
  use(url: string): void {
    this.#network.addRelay(url)
    this.#named.add(url)
    void this.look()
  }

  /** The state of some relay may have changed. Never rejects: what is not remembered is met again. */
  async look(): Promise<void> {
    const { relays, spares = [] } = this.#network.status()
    this.#rememberSpares(spares)
    if (this.#named.size === 0) return
    const works = relays.filter(({ url, state }) => state === 'reserved' && this.#named.delete(url))
    if (works.length === 0) return
    const met = works.map(({ url }) => ({ url, metAtMs: Date.now() }))
    const before = (await this.#remembered()).filter(({ url }) => !met.some((each) => each.url === url))
    await this.#catalog.put(name, [...met, ...before].slice(0, metRelaysMax)).catch(() => undefined)
  }

  /** So that who opens the page while its relay is away finds others, too. [NW36] */
  #rememberSpares(spares: readonly NamedRelay[]): void {
    const known = spares.map(({ url }) => url).join()
    if (!known || known === this.#sparesKnown) return
    this.#sparesKnown = known
    void this.#catalog.put(sparesName, spares).catch(() => undefined)
  }

  async #remembered(): Promise<readonly MetRelay[]> {
    const met = ((await this.#catalog.get(name).catch(() => undefined)) ?? []) as readonly MetRelay[]
    return met.filter(({ metAtMs }) => Date.now() - metAtMs < metRelayMs)
  }
}
