import { randomBytes } from 'node:crypto'
import { formatInvitation } from '../src/core/keep/invitation.ts'
import { tokenHash } from '../src/core/keep/token.ts'
import type { GivenTokens } from '../src/core/keep/types.ts'
import {
  invitationNameCharsMax,
  invitationsMax,
  invitationsRevokedMax,
  keepTokenBytes,
  relayTimeoutMs
} from '../src/core/limits.ts'
import type { Watchable } from '../src/engine/types.ts'
import { whenState } from '../src/engine/watch.ts'
import type { NetworkStatus } from '../src/network/types.ts'
import type { Catalog } from '../src/store/types.ts'
import type { InvitationFacts } from './control/types.ts'
import { BadCommand, InvitationsFull, NoAddress, NoSuchInvitation } from './errors.ts'

/** What stands in an invitation beside its token. */
export interface InvitationParts {
  /** Where its link points; empty where no page is known. */
  readonly origin: string
  readonly network: Watchable<NetworkStatus>
  readonly record: () => Promise<Uint8Array | undefined>
  readonly terms: () => Promise<Uint8Array>
  /** These are let in from now on, and of those that are not these are known. */
  readonly onTokens: (given: GivenTokens) => void
}

interface Given {
  readonly name: string
  readonly token: Uint8Array
  readonly madeAtMs: number
}

const [place, revokedPlace] = ['invitations given', 'invitations revoked']

/** What a keeper by invitation has given to whom: one token under each name. [KE28] */
export class Invitations {
  readonly #catalog: Catalog
  #given: readonly Given[]
  /** Hashes of tokens, the last of them. */
  #revoked: readonly string[]
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(catalog: Catalog, given: readonly Given[], revoked: readonly string[]) {
    this.#catalog = catalog
    this.#given = given
    this.#revoked = revoked
  }

  static async recall(catalog: Catalog): Promise<Invitations> {
    const [given = [], revoked = []] = await Promise.all([place, revokedPlace].map((name) => catalog.get(name)))
    return new Invitations(catalog, given as readonly Given[], revoked as readonly string[])
  }

  get tokens(): GivenTokens {
    return { tokens: new Set(this.#given.map(({ token }) => tokenHash(token))), revoked: new Set(this.#revoked) }
  }

  list(): readonly InvitationFacts[] {
    return this.#given.map(({ name, madeAtMs }) => ({ name, madeAtMs }))
  }

  /** The invitation of that name, which is made where there is none. @throws BadCommand, InvitationsFull, NoAddress */
  async give(name: string, parts: InvitationParts): Promise<InvitationFacts> {
    checkName(name)
    const [record, terms] = await Promise.all([reachable(parts), parts.terms()])
    const { token, madeAtMs } = await this.#inTurn(async () => this.#known(name) ?? this.#make(name, parts))
    return { name, madeAtMs, link: formatInvitation(parts.origin, { token, record, terms }) }
  }

  /** Nobody is let in by it any more; what was promised stays. @throws NoSuchInvitation */
  revoke(name: string, { onTokens }: InvitationParts): Promise<InvitationFacts> {
    return this.#inTurn(async () => {
      const known = this.#known(name)
      if (!known) throw new NoSuchInvitation(name)
      const revoked = [...this.#revoked, tokenHash(known.token)].slice(-invitationsRevokedMax)
      // First, so that whoever shows it is never told that nobody knows it; what is in both still lets in.
      await this.#catalog.put(revokedPlace, revoked)
      await this.#keep(this.#given.filter((each) => each !== known))
      this.#revoked = revoked
      onTokens(this.tokens)
      return { name, madeAtMs: known.madeAtMs }
    })
  }

  #known(name: string): Given | undefined {
    return this.#given.find((each) => each.name === name)
  }

  async #make(name: string, { onTokens }: InvitationParts): Promise<Given> {
    if (this.#given.length >= invitationsMax) throw new InvitationsFull(invitationsMax)
    const made = { name, token: new Uint8Array(randomBytes(keepTokenBytes)), madeAtMs: Date.now() }
    await this.#keep([...this.#given, made])
    onTokens(this.tokens)
    return made
  }

  /** Durable before anybody is told. */
  async #keep(given: readonly Given[]): Promise<void> {
    await this.#catalog.put(place, given)
    this.#given = given
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(work)
    this.#changing = done.catch(() => undefined)
    return done
  }
}

function checkName(name: string): void {
  if (name.length <= invitationNameCharsMax && /^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u.test(name)) return
  throw new BadCommand(`A name for an invitation has 1 to ${invitationNameCharsMax} characters, on one line.`)
}

/** A record that leads to this keeper from outside: one that was just started is at its relays a moment later. */
async function reachable({ network, record }: InvitationParts): Promise<Uint8Array> {
  const isThere = ({ relays }: NetworkStatus) => relays.length === 0 || relays.some(({ state }) => state === 'reserved')
  await whenState(network, isThere, { signal: AbortSignal.timeout(relayTimeoutMs) }).catch((cause: unknown) => {
    throw new NoAddress({ cause })
  })
  const bytes = await record()
  if (!bytes) throw new NoAddress()
  return bytes
}
