import { defaultLimitBytes } from '../core/limits.ts'
import type { BlockStore, Catalog } from '../store/types.ts'
import { NoRoom } from './errors.ts'
import type { StorageView } from './types.ts'
import { Live, type Timers } from './watch.ts'

/** What the platform knows of its disk. */
export interface RoomProbe {
  /** False where nothing outlives this tab. */
  readonly durable: boolean
  /** All that may be kept, where what is free does not tell: in memory. */
  readonly bytesMax?: number
  freeBytes(): Promise<number>
  /** The platform does not clear what is kept when its disk fills. */
  persisted(): Promise<boolean>
}

/** The one place that decides whether more may be stored. */
export class Room {
  readonly view: Live<StorageView>
  readonly #store: BlockStore
  readonly #catalog: Catalog
  readonly #probe: RoomProbe
  #state: StorageView
  /** Bytes that were let in and are not stored yet, by whom they are for. */
  readonly #coming = new Map<string, () => number>()
  /** A look goes through all data sets: a library of a thousand that comes at once must not make a thousand of them. */
  #looks: { readonly current: Promise<void>; next?: Promise<void> } = { current: Promise.resolve() }

  constructor(store: BlockStore, catalog: Catalog, probe: RoomProbe, timers: Timers) {
    this.#store = store
    this.#catalog = catalog
    this.#probe = probe
    const { durable } = probe
    this.#state = { usedBytes: 0, limitBytes: defaultLimitBytes, freeBytes: 0, persisted: false, durable }
    this.view = new Live(() => this.#state, timers)
  }

  /** What is shown was looked up after the call; those who call while another look is under way share the next. */
  refresh(): Promise<void> {
    const { current } = this.#looks
    const look = () => {
      this.#looks = { current: this.#look() }
      return this.#looks.current
    }
    this.#looks.next ??= current.then(look, look)
    return this.#looks.next
  }

  async #look(): Promise<void> {
    const [limit, usedBytes, freeBytes, persisted] = await Promise.all([
      this.#catalog.get('limitBytes'),
      this.#store.usedBytes(),
      this.#probe.freeBytes(),
      this.#probe.persisted()
    ])
    const { durable, bytesMax = Infinity } = this.#probe
    const limitBytes = Math.min(typeof limit === 'number' ? limit : defaultLimitBytes, bytesMax)
    this.#state = { usedBytes, limitBytes, freeBytes: Math.min(freeBytes, bytesMax - usedBytes), persisted, durable }
    this.view.changed()
  }

  /** Lets in what is still to come for somebody. Rejects with NoRoom when it would pass the person's limit or the platform's. */
  async reserve(name: string, comingBytes: () => number): Promise<void> {
    await this.refresh()
    this.release(name)
    const [sizeBytes, { leftBytes }] = [comingBytes(), this]
    if (sizeBytes > leftBytes) throw new NoRoom(sizeBytes, leftBytes)
    this.expect(name, comingBytes)
  }

  /** What is still to come for somebody counts as stored until it is released. */
  expect(name: string, comingBytes: () => number): void {
    this.#coming.set(name, comingBytes)
  }

  release(name: string): void {
    this.#coming.delete(name)
  }

  /** What can still be let in, as of the last look. */
  get leftBytes(): number {
    const { usedBytes, limitBytes, freeBytes } = this.#state
    let leftBytes = Math.min(limitBytes - usedBytes, freeBytes)
    for (const comingBytes of this.#coming.values()) leftBytes -= comingBytes()
    return Math.max(0, leftBytes)
  }
}
