import type { ManifestCid } from '../src/core/ids.ts'
import { parseLink } from '../src/core/link/link.ts'
import type { FileSource, Item, ItemView, Quire } from '../src/engine/types.ts'
import { findHeld, type HeldParts } from './held.ts'

export interface AdditionsParts extends HeldParts {
  readonly quire: Pick<Quire, 'add' | 'items'> & HeldParts['quire']
}

/** The same bytes under the same name are one data set, however often they are added. All who add to one library share these. */
export class Additions {
  readonly #parts: AdditionsParts
  /** What is added and not settled: it may still go, and nobody is told of it. */
  readonly #open = new Set<Item>()

  constructor(parts: AdditionsParts) {
    this.#parts = parts
  }

  /** What is added is to be settled once it is whole, or removed. */
  begin(sources: readonly FileSource[], plain: boolean): Item {
    const item = this.#parts.quire.add(sources, { plain })
    this.#open.add(item)
    item.whenReady().catch(() => this.#open.delete(item))
    return item
  }

  /**
   * Gives the item that has what this one has, which is whole. One that was settled before stays, and this one goes; otherwise this one
   * stays, and what came from others and is not whole gives way, for it may never be.
   */
  async settle(item: Item): Promise<Item> {
    const { quire } = this.#parts
    const cid = addressOf(item)!
    // One that nobody asked for is in the catalog alone.
    await findHeld(this.#parts, cid)
    // From here on nothing is waited for: of two that become whole at one time one is settled when the other looks.
    const twins = quire.items().filter((each) => each !== item && addressOf(each) === cid && !this.#open.has(each))
    const settled = twins.find((twin) => isWhole(twin.peek()))
    this.#open.delete(item)
    await Promise.all((settled ? [item] : twins).map((each) => each.remove()))
    return settled ?? item
  }

  /** What is not settled goes: the program ends. */
  async end(): Promise<void> {
    await Promise.all([...this.#open].map((item) => item.remove()))
  }
}

/** Links of one address may differ in what else they say. */
export function addressOf(item: Item): ManifestCid | undefined {
  const { link } = item.peek()
  return link === undefined ? undefined : parseLink(link).manifestCid
}

const isWhole = ({ blockCount, doneBlocks }: ItemView): boolean => blockCount > 0 && doneBlocks === blockCount
