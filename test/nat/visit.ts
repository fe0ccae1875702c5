import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launchBrowser, type TestBrowser } from '../support/browsers.ts'
import { sha256Of, temporaryFolder } from '../support/files.ts'
import { byId, momentWhen, openLink, savedSha256, shareFiles, untilState } from '../support/person.ts'
import { type Quire, startQuire } from '../support/program.ts'
import { seededBytes } from '../support/seeded.ts'
import type { NatKind, Way } from './kinds.ts'
import { Lab, relayAddress } from './lab.ts'
import type { Path } from './path-bridge.ts'

const contentBytes = 20_000_000

export interface Visit {
  readonly way: Way
  /** From opening the link until the page names the way. */
  readonly connectMs: number
  /** From opening the link until everything is verified and stored. */
  readonly wholeMs: number
}

/** A lab with the relay on its internet and a person at each host. */
export class Town implements AsyncDisposable {
  readonly lab: Lab
  readonly quire: Quire
  readonly alice: TestBrowser
  readonly bob: TestBrowser
  /** Where the file lies that Alice shares. */
  readonly film: string
  readonly #content: Uint8Array
  readonly #stack: AsyncDisposableStack

  private constructor(
    stack: AsyncDisposableStack,
    parts: { lab: Lab; quire: Quire; alice: TestBrowser; bob: TestBrowser; film: string; content: Uint8Array }
  ) {
    this.#stack = stack
    this.lab = parts.lab
    this.quire = parts.quire
    this.alice = parts.alice
    this.bob = parts.bob
    this.film = parts.film
    this.#content = parts.content
  }

  /**
   * `env` are further settings of the relay, which answers at the port that every firewall lets through; `path` is what
   * lies between Bob's router and everybody else; `origins` are further ones that browsers are to take for secure, `args`
   * further words for them.
   */
  static async found(
    env: Readonly<Record<string, string>> = {},
    path?: Path,
    { sizeBytes = contentBytes, origins = [] as readonly string[], args: more = [] as readonly string[] } = {}
  ): Promise<Town> {
    const content = seededBytes(20, sizeBytes)
    await using stack = new AsyncDisposableStack()
    const place = stack.use(await temporaryFolder('nat'))
    const film = join(place.path, 'film.bin')
    await writeFile(film, content)
    const lab = stack.use(await Lab.build(path))
    const quire = stack.use(
      await startQuire({
        port: 443,
        launcher: lab.spaces.within('internet'),
        env: { QUIRE_HOST: '0.0.0.0', QUIRE_PUBLIC_HOST: relayAddress, ...env }
      })
    )
    const args = [...more, `--unsafely-treat-insecure-origin-as-secure=${[quire.url, ...origins].join(',')}`]
    const [alice, bob] = await Promise.all(
      (['a', 'b'] as const).map(async (side) => launchBrowser({ args, program: await lab.chromiumAt(side) }))
    )
    const people = { alice: stack.use(alice!), bob: stack.use(bob!) }
    return new Town(stack.move(), { lab, quire, film, content, ...people })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }

  /** Alice shares from behind one router, Bob fetches it from behind the other. */
  async visit(one: NatKind, other: NatKind): Promise<Visit> {
    const { bob } = this
    const link = await this.share(one, other)
    const beganMs = Date.now()
    await openLink(bob.page, link)
    const named = await momentWhen(bob.page, () => document.querySelector('[data-testid="connection-kind"]') !== null)
    await untilState(bob.page, 'complete', 90_000)
    return { way: await this.way(), connectMs: named - beganMs, wholeMs: Date.now() - beganMs }
  }

  /** Alice's link, with both behind such routers from now on. */
  async share(one: NatKind, other: NatKind): Promise<string> {
    const { alice, bob, lab } = this
    await Promise.all([alice, bob].map(({ page }) => page.goto('about:blank')))
    lab.setKind('a', one)
    lab.setKind('b', other)
    return this.shareNow()
  }

  /** Alice's link, with both where they are. */
  shareNow(): Promise<string> {
    return shareFiles(this.alice.page, this.quire.url, [this.film])
  }

  /** The way that Bob's page names. */
  async way(): Promise<Way> {
    return (await byId(this.bob.page, 'connection-kind').textContent()) as Way
  }

  /** Whether what Bob saves is what Alice shared. */
  async isSaved(): Promise<boolean> {
    return (await savedSha256(this.bob.page)) === sha256Of(this.#content)
  }
}
