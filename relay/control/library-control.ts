import { parseManifestCid } from '../../src/core/block/cid.ts'
import { isInvitation } from '../../src/core/keep/invitation.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { keepersMax } from '../../src/core/limits.ts'
import type { QuireEngine } from '../../src/engine/engine.ts'
import { ItemGone } from '../../src/engine/errors.ts'
import type { InvitationView, Item } from '../../src/engine/types.ts'
import type { Network } from '../../src/network/types.ts'
import type { PagedCatalog } from '../../src/store/paged.ts'
import type { Additions } from '../additions.ts'
import { BadSetting, NotByInvitation, NotHeld } from '../errors.ts'
import { sourcesOf } from '../files.ts'
import { findHeld, removeHeld } from '../held.ts'
import type { InvitationParts, Invitations } from '../invitations.ts'
import { takeUp, type Visits } from '../visits.ts'
import { factsIn, factsOf, progressOf } from './facts.ts'
import { handOver } from './hand-over.ts'
import type { AddWish, Control, InvitationFacts, ItemFacts, KeepWish, PeerFacts, Progress, Status } from './types.ts'

export interface LibraryParts {
  readonly quire: QuireEngine
  readonly catalog: PagedCatalog
  readonly network: Network
  readonly visits: Visits
  readonly additions: Additions
  /** Absent in a program that ends with its work. */
  readonly running?: { readonly peerId: string; readonly addresses: () => readonly string[] }
  /** Of a keeper by invitation. */
  readonly desk?: InvitationParts & { readonly invitations: Invitations }
  close(): Promise<void>
}

/** The verbs, over a library that is open here. */
export class LibraryControl implements Control {
  readonly #parts: LibraryParts

  constructor(parts: LibraryParts) {
    this.#parts = parts
  }

  list(): AsyncIterable<ItemFacts> {
    return factsIn(this.#parts.catalog)
  }

  async add(wish: AddWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    const { paths, plain } = wish
    const wanted = await this.#copiesOf(wish)
    const item = this.#parts.additions.begin(await sourcesOf(paths), plain ?? false)
    try {
      await told(item, tell, () => item.whenReady())
    } catch (error) {
      // What was not read to its end is of use to nobody.
      if (item.peek().state === 'error') await item.remove()
      throw error
    }
    const kept = await this.#parts.additions.settle(item)
    await told(kept, tell, () => handOver(kept, wanted))
    return this.#factsOf(kept)
  }

  async keep(wish: KeepWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    const wanted = await this.#copiesOf(wish)
    const visit = await this.#parts.visits.begin(wish.link)
    visit.keep()
    const { item } = visit
    try {
      await takeUp(item)
      await told(item, tell, async () => {
        await item.whenReady()
        await handOver(item, wanted)
      })
      return await this.#factsOf(item)
    } catch (error) {
      // Somebody added it meanwhile, to which what was fetched gave way.
      if (error instanceof ItemGone && (await this.#isHeld(wish.link))) return await this.keep(wish, tell)
      throw error
    } finally {
      await visit.end()
    }
  }

  async forget(name: string): Promise<ItemFacts | InvitationView> {
    if (isInvitation(name)) return this.#forgetInvitation(name)
    const cid = name.includes('/') ? parseLink(name).manifestCid : parseManifestCid(name)
    const removed = await removeHeld(this.#parts, cid)
    if (!removed) throw new NotHeld()
    return factsOf(removed.record)
  }

  async status(): Promise<Status> {
    const { quire, network, running } = this.#parts
    const { items, kept } = await this.#parts.catalog.totals()
    const { usedBytes, limitBytes } = quire.storage.peek()
    const facts = { items, heldForOthers: kept, usedBytes }
    if (!running) return facts
    const relays = network.status().relays.map(({ url, state }) => ({ url, state }))
    const { peerId, addresses } = running
    const peers = (await this.peers()).length
    return { ...facts, running: { peerId, addresses: addresses(), limitBytes, relays, peers } }
  }

  async peers(): Promise<readonly PeerFacts[]> {
    return this.#parts.quire.items().flatMap((item) => {
      const { title, peers } = item.peek()
      return peers.map(({ peerId, role, kind, receivedBytesPerSecond, sentBytesPerSecond }) => {
        return { peerId, role, kind, title, receivedBytesPerSecond, sentBytesPerSecond }
      })
    })
  }

  invite(name: string): Promise<InvitationFacts> {
    const desk = this.#desk()
    return desk.invitations.give(name, desk)
  }

  async invitations(): Promise<readonly InvitationFacts[]> {
    return this.#desk().invitations.list()
  }

  revoke(name: string): Promise<InvitationFacts> {
    const desk = this.#desk()
    return desk.invitations.revoke(name, desk)
  }

  close(): Promise<void> {
    return this.#parts.close()
  }

  async #forgetInvitation(link: string): Promise<InvitationView> {
    const view = await this.#parts.quire.readInvitation(link)
    await this.#parts.quire.forgetInvitation(view.keeper)
    return { ...view, accepted: false }
  }

  #desk(): NonNullable<LibraryParts['desk']> {
    if (!this.#parts.desk) throw new NotByInvitation()
    return this.#parts.desk
  }

  /** How many keepers are to hold it: one where an invitation is given and nothing else said. */
  async #copiesOf({ copies, invitation }: Pick<AddWish, 'copies' | 'invitation'>): Promise<number> {
    const wanted = copiesOf(copies ?? (invitation === undefined ? 0 : 1))
    if (invitation !== undefined) await this.#parts.quire.acceptInvitation(invitation)
    return wanted
  }

  async #isHeld(link: string): Promise<boolean> {
    return (await findHeld(this.#parts, parseLink(link).manifestCid))?.record.complete === true
  }

  async #factsOf(item: Item): Promise<ItemFacts> {
    const record = await this.#parts.catalog.item(item.id)
    if (!record) throw new NotHeld() // removed meanwhile, from somewhere else
    return { ...factsOf(record), link: await item.whenLinked() }
  }
}

function copiesOf(copies: number): number {
  if (Number.isInteger(copies) && copies >= 0 && copies <= keepersMax) return copies
  throw new BadSetting('--copies', String(copies), `a number from 1 to ${keepersMax}`)
}

async function told(item: Item, tell: (progress: Progress) => void, work: () => Promise<unknown>): Promise<void> {
  const stop = item.subscribe((view) => tell(progressOf(view)))
  tell(progressOf(item.peek()))
  await work().finally(stop)
}
