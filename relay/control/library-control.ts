import { parseManifestCid } from '../../src/core/block/cid.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { keepersMax } from '../../src/core/limits.ts'
import type { QuireEngine } from '../../src/engine/engine.ts'
import type { Item } from '../../src/engine/types.ts'
import type { Network } from '../../src/network/types.ts'
import type { PagedCatalog } from '../../src/store/paged.ts'
import { BadSetting, NotHeld } from '../errors.ts'
import { sourcesOf } from '../files.ts'
import { takeUp, type Visits } from '../visits.ts'
import { factsIn, factsOf, progressOf } from './facts.ts'
import { handOver } from './hand-over.ts'
import type { AddWish, Control, ItemFacts, KeepWish, PeerFacts, Progress, Status } from './types.ts'

export interface LibraryParts {
  readonly quire: QuireEngine
  readonly catalog: PagedCatalog
  readonly network: Network
  readonly visits: Visits
  /** Absent in a program that ends with its work. */
  readonly running?: { readonly peerId: string; readonly addresses: () => readonly string[] }
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

  async add({ paths, plain, copies }: AddWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    const wanted = copiesOf(copies)
    const item = this.#parts.quire.add(await sourcesOf(paths), { plain })
    try {
      await told(item, tell, async () => {
        await item.whenReady()
        await handOver(item, wanted)
      })
    } catch (error) {
      // What was not read to its end is of use to nobody; what is whole stays, kept or not.
      if (item.peek().state === 'error') await item.remove()
      throw error
    }
    return this.#factsOf(item)
  }

  async keep({ link, copies }: KeepWish, tell: (progress: Progress) => void): Promise<ItemFacts> {
    const wanted = copiesOf(copies)
    const visit = await this.#parts.visits.begin(link)
    visit.keep()
    const { item } = visit
    try {
      await takeUp(item)
      await told(item, tell, async () => {
        await item.whenReady()
        await handOver(item, wanted)
      })
      return await this.#factsOf(item)
    } finally {
      await visit.end()
    }
  }

  async forget(name: string): Promise<ItemFacts> {
    const cid = name.includes('/') ? parseLink(name).manifestCid : parseManifestCid(name)
    const record = await this.#parts.catalog.itemByManifest(cid)
    const item = record && !record.kept ? await this.#parts.quire.find(record.id) : undefined
    if (!record || !item) throw new NotHeld()
    await item.remove()
    return factsOf(record)
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

  close(): Promise<void> {
    return this.#parts.close()
  }

  async #factsOf(item: Item): Promise<ItemFacts> {
    const record = await this.#parts.catalog.item(item.id)
    if (!record) throw new NotHeld() // removed meanwhile, from somewhere else
    return { ...factsOf(record), link: await item.whenLinked() }
  }
}

function copiesOf(copies = 0): number {
  if (Number.isInteger(copies) && copies >= 0 && copies <= keepersMax) return copies
  throw new BadSetting('--copies', String(copies), `a number from 1 to ${keepersMax}`)
}

async function told(item: Item, tell: (progress: Progress) => void, work: () => Promise<void>): Promise<void> {
  const stop = item.subscribe((view) => tell(progressOf(view)))
  tell(progressOf(item.peek()))
  await work().finally(stop)
}
