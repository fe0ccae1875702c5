import { base64urlOf } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { InvitationUnsigned, parseInvitation } from '../../core/keep/invitation.ts'
import type { KeepTerms } from '../../core/keep/types.ts'
import { invitationsRememberedMax } from '../../core/limits.ts'
import { peerName } from '../../core/names.ts'
import type { NamedKeeper } from '../../network/types.ts'
import type { Catalog } from '../../store/types.ts'
import type { InvitationView } from '../types.ts'
import { signedTerms, signerOfRecord } from './receipts.ts'

/** An invitation whose signatures were checked, as it is remembered. */
interface Invited {
  readonly keeper: PeerId
  readonly token: Uint8Array
  readonly record: Uint8Array
  readonly terms: KeepTerms
}

const name = 'invitations'

/** Keepers by whose invitation this device may hand over copies. [KE29] */
export class Invitations {
  readonly #catalog: Catalog
  /** Those that were accepted last, first. */
  #known: readonly Invited[] = []
  #recalling: Promise<void> | undefined

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** As relays name theirs; tokens are told to nobody who only looks. */
  get named(): readonly NamedKeeper[] {
    return this.#known.map(({ keeper, record, terms }) => {
      return { peerId: keeper, record: base64urlOf(record), host: peerName(keeper), terms, byInvitation: true }
    })
  }

  tokenOf(peerId: PeerId): Uint8Array | undefined {
    return this.#known.find(({ keeper }) => keeper === peerId)?.token
  }

  /** What is remembered, also by another tab. Who asks while it is under way waits for that. Never rejects. */
  recall(): Promise<void> {
    this.#recalling ??= this.#recall().finally(() => (this.#recalling = undefined))
    return this.#recalling
  }

  async read(link: string): Promise<InvitationView> {
    const invited = await checked(link)
    await this.recall()
    return viewOf(invited, this.tokenOf(invited.keeper) !== undefined)
  }

  async accept(link: string): Promise<InvitationView> {
    const invited = await checked(link)
    await this.#change((known) => [invited, ...without(known, invited.keeper)].slice(0, invitationsRememberedMax))
    return viewOf(invited, true)
  }

  async forget(keeper: PeerId): Promise<void> {
    await this.#change((known) => without(known, keeper))
  }

  /** What it takes, or how it is reached, which may be other than when it invited. [KE30] [KE33] */
  async renew(keeper: PeerId, news: Partial<Pick<Invited, 'terms' | 'record'>>): Promise<void> {
    const renewed = (each: Invited) => (each.keeper === keeper ? { ...each, ...news } : each)
    await this.#change((known) => known.map(renewed)).catch(() => undefined) // it says so again in the next visit
  }

  async #change(change: (known: readonly Invited[]) => readonly Invited[]): Promise<void> {
    await this.recall()
    this.#known = change(this.#known)
    await this.#catalog.put(name, this.#known)
  }

  async #recall(): Promise<void> {
    const stored = (await this.#catalog.get(name).catch(() => this.#known)) as readonly Invited[] | undefined
    this.#known = stored ?? []
  }
}

const without = (known: readonly Invited[], keeper: PeerId) => known.filter((each) => each.keeper !== keeper)

/** One keeper signed where it is reached and what it accepts. [KE27] */
async function checked(link: string): Promise<Invited> {
  const { token, record, terms: said } = parseInvitation(link)
  const keeper = await signerOfRecord(record)
  const terms = keeper && (await signedTerms(said, keeper))
  if (!keeper || !terms) throw new InvitationUnsigned()
  return { keeper, token, record, terms }
}

const viewOf = ({ keeper, terms }: Invited, accepted: boolean): InvitationView => ({
  keeper,
  host: peerName(keeper),
  terms,
  accepted
})
