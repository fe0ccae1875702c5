import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { temporaryFolder } from '../support/files.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import { relayAddress, writeChromium } from './lab.ts'
import { Namespaces } from './namespaces.ts'
import { type Path, PathBridge } from './path-bridge.ts'

/** A relay and people around it, each with an address of its own at the end of a long cable. */
export class Crowd implements AsyncDisposable {
  readonly spaces: Namespaces
  readonly quire: Quire
  /** The first is who shares. */
  readonly people: readonly TestBrowser[]
  /** Where the file lies that the first shares. */
  readonly film: string
  readonly #stack: AsyncDisposableStack

  private constructor(
    stack: AsyncDisposableStack,
    parts: { spaces: Namespaces; quire: Quire; people: readonly TestBrowser[]; film: string }
  ) {
    this.#stack = stack
    this.spaces = parts.spaces
    this.quire = parts.quire
    this.people = parts.people
    this.film = parts.film
  }

  /** `path` lies between any two of them, and the relay. `origins` are further ones that browsers take for secure. */
  static async found(count: number, path: Path, sizeBytes: number, origins: readonly string[]): Promise<Crowd> {
    await using stack = new AsyncDisposableStack()
    const place = stack.use(await temporaryFolder('crowd'))
    const film = join(place.path, 'film.bin')
    await writeFile(film, seededBytes(20, sizeBytes))
    const numbers = Array.from({ length: count }, (_, i) => i)
    const hosts = numbers.map((i) => `host-${i}`)
    const spaces = stack.adopt(new Namespaces(['internet', 'path', ...hosts]), (each) => each.remove())
    for (const host of hosts) {
      // A browser takes an address that comes later for a change of network.
      spaces.set(host, { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 })
    }
    const ends = ['internet', ...hosts].map((role) => ({ role, device: 'wan' }))
    stack.use(await PathBridge.lay(spaces, 'path', ends, path))
    spaces.ip('internet', `address add ${relayAddress}/24 dev wan`)
    for (const i of numbers) spaces.ip(`host-${i}`, `address add 203.0.113.${100 + i}/24 dev wan`)
    const env = { QUIRE_HOST: '0.0.0.0', QUIRE_PUBLIC_HOST: relayAddress, QUIRE_TURN: 'off', QUIRE_NO_KEEPER: '1' }
    const launcher = spaces.within('internet')
    const quire = stack.use(await startQuire({ port: 443, launcher, env, file: 'test/nat/library-relay.ts' }))
    const args = [`--unsafely-treat-insecure-origin-as-secure=${[quire.url, ...origins].join(',')}`]
    const people: TestBrowser[] = []
    for (const i of numbers) {
      const program = await writeChromium(join(place.path, `chromium-${i}`), spaces.within(`host-${i}`))
      people.push(stack.use(await launchBrowser({ args, program })))
    }
    return new Crowd(stack.move(), { spaces, quire, people, film })
  }

  /** Bytes that somebody's host has sent. */
  sentBytes(person: number): number {
    return Number(this.spaces.run(`host-${person}`, ['cat', '/sys/class/net/wan/statistics/tx_bytes']))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}
