import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { directAddressesMax, publicLookAgainMs, publicLookMs } from '../../src/core/limits.ts'

/** IP addresses by which others reach this machine, as its public host has them now: webrtc-direct takes no names. */
export class PublicHosts {
  readonly #name: string
  readonly #again: NodeJS.Timeout | undefined
  #addresses: readonly string[]

  private constructor(name: string) {
    this.#name = name
    this.#addresses = isIP(name) ? [name] : []
    if (!isIP(name)) this.#again = setInterval(() => void this.#look(), publicLookAgainMs).unref()
  }

  /** Waits for the DNS, but not for long: a relay starts without it. */
  static async find(name: string): Promise<PublicHosts> {
    const hosts = new PublicHosts(name)
    if (hosts.#again) await Promise.race([hosts.#look(), new Promise((late) => setTimeout(late, publicLookMs).unref())])
    return hosts
  }

  get addresses(): readonly string[] {
    return this.#addresses
  }

  stop(): void {
    clearInterval(this.#again)
  }

  /** What was found stays where the DNS does not answer. */
  async #look(): Promise<void> {
    const found = await lookup(this.#name, { all: true }).catch(() => [])
    if (found.length > 0) this.#addresses = found.slice(0, directAddressesMax).map(({ address }) => address)
  }
}
