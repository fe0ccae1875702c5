import { readFile } from 'node:fs/promises'
import { base64urlOf, bytesOfBase64url } from '../core/bytes.ts'
import type { ManifestCid, SetId } from '../core/ids.ts'
import { checkedItem } from './check.ts'
import { BadStoreCall, StoreClosed, StoreFailed } from './errors.ts'
import { codeOf, fileErrorOf, writeAtomically } from './folder.ts'
import { GroupCommit } from './group-commit.ts'
import type { Catalog, ItemRecord } from './types.ts'

interface Contents {
  readonly items: Map<SetId, ItemRecord>
  readonly values: Map<string, unknown>
}

type Change = (contents: Contents) => void

/**
 * The library's memory as one JSON file, written whole and atomically; changes that come together share one write.
 * Bytes stand in it as `{ "$bytes": base64url }`.
 */
export class FileCatalog implements Catalog {
  readonly #path: string
  #contents: Contents
  #closed = false
  readonly #commits = new GroupCommit<Change>((changes) => this.#commit(changes))

  private constructor(path: string, contents: Contents) {
    this.#path = path
    this.#contents = contents
  }

  /** @throws StoreFailed when the file is there and cannot be understood: better than to write over it. */
  static async open(path: string): Promise<FileCatalog> {
    const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT') return '{"items":[],"values":[]}'
      throw thrown
    })
    try {
      const { items, values } = decoded(JSON.parse(text)) as { items: ItemRecord[]; values: [string, unknown][] }
      return new FileCatalog(path, { items: new Map(items.map((item) => [item.id, item])), values: new Map(values) })
    } catch (thrown) {
      throw new StoreFailed('the catalog cannot be read', { cause: thrown })
    }
  }

  async items(): Promise<ItemRecord[]> {
    return structuredClone([...this.#now().items.values()])
  }

  async item(id: SetId): Promise<ItemRecord | undefined> {
    return structuredClone(this.#now().items.get(id))
  }

  async itemByManifest(cid: ManifestCid): Promise<ItemRecord | undefined> {
    return structuredClone(
      this.#now()
        .items.values()
        .find((item) => item.manifestCid === cid)
    )
  }

  async putItem(item: ItemRecord): Promise<void> {
    const kept = decoded(encoded(checkedItem(item))) as ItemRecord
    await this.#change(({ items }) => items.set(kept.id, kept))
  }

  async removeItem(id: SetId): Promise<void> {
    await this.#change(({ items }) => items.delete(id))
  }

  async get(name: string): Promise<unknown> {
    return structuredClone(this.#now().values.get(name))
  }

  async put(name: string, value: unknown): Promise<void> {
    const kept = decoded(encoded(value))
    await this.#change(({ values }) => values.set(name, kept))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#commits.idle()
  }

  #now(): Contents {
    if (this.#closed) throw new StoreClosed()
    return this.#contents
  }

  async #change(change: Change): Promise<void> {
    this.#now()
    await this.#commits.add(change)
  }

  /** What is read is what is durable: the changed contents take their place when they are written. */
  async #commit(changes: readonly Change[]): Promise<void> {
    const next = { items: new Map(this.#contents.items), values: new Map(this.#contents.values) }
    for (const change of changes) change(next)
    const { items, values } = next
    try {
      await writeAtomically(this.#path, JSON.stringify(encoded({ items: [...items.values()], values: [...values] })))
    } catch (thrown) {
      throw fileErrorOf(thrown)
    }
    this.#contents = next
  }
}

/** As JSON can hold it. Throws BadStoreCall for what would not come back as it was. */
function encoded(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: base64urlOf(value) }
  if (Array.isArray(value)) return value.map(encoded)
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, encoded(part)]))
  }
  throw new BadStoreCall('This value cannot be stored.')
}

function decoded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decoded)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value
  const { $bytes, ...others } = value as { $bytes?: unknown }
  if (typeof $bytes === 'string' && Object.keys(others).length === 0) return bytesOfBase64url($bytes)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, decoded(part)]))
}
