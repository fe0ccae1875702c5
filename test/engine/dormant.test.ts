import { describe, expect, it } from 'vitest'
import { dormantAfterMs, dormantLookMs } from '../../src/core/limits.ts'
import { Dormant } from '../../src/engine/dormant.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { collectBytes } from '../../src/engine/reading.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item } from '../../src/engine/types.ts'
import { platformTimers, type Timers } from '../../src/engine/watch.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { PagedMemoryCatalog } from '../support/paged-memory.ts'
import { seededBytes } from '../support/seeded.ts'

/** Time goes on as it does, and jumps; what looks at idle items is run by hand. */
class Clock implements Timers {
  #aheadMs = 0
  #look: (() => void) | undefined

  nowMs(): number {
    return platformTimers.nowMs() + this.#aheadMs
  }

  after(delayMs: number, run: () => void): () => void {
    if (delayMs !== dormantLookMs) return platformTimers.after(delayMs, run)
    this.#look = run
    return () => (this.#look = undefined)
  }

  /** Looks twice, so long apart that what was idle the first time has been for long enough. */
  pass(): void {
    this.#look?.()
    this.#aheadMs += dormantAfterMs
    this.#look?.()
  }
}

const signal = () => AbortSignal.timeout(5_000)
const content = (index: number) => seededBytes(index, 200_000)

async function town() {
  const tracker = new TrackerService(() => true)
  const hub = new MemoryHub((lane) => tracker.accept(lane))
  const clock = new Clock()
  const place = { store: new MemoryBlockStore(), catalog: new PagedMemoryCatalog() }
  place.store.close = place.catalog.close = async () => undefined // the next keeper finds the same place
  const engine = (name: string, parts: Pick<Parameters<typeof QuireEngine.open>[0], 'store' | 'catalog'>) =>
    QuireEngine.open({
      ...parts,
      network: hub.join(name),
      origin: 'https://quire.test',
      role: 'program',
      flush: async () => undefined,
      room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false },
      ...(name.startsWith('keeper') && {
        timers: clock,
        dormant: (options) => new Dormant(options, place.catalog)
      })
    })
  return {
    clock,
    place,
    keeper: (name: string) => engine(name, place),
    tab: (name: string) => engine(name, { store: new MemoryBlockStore(), catalog: new MemoryCatalog() })
  }
}

async function bytesOf(item: Item): Promise<Uint8Array> {
  const { sizeBytes } = (await item.files())[0]!
  return collectBytes(item.read(0, 0, sizeBytes), sizeBytes)
}

const isSame = (bytes: Uint8Array, index: number) => Buffer.from(bytes).equals(content(index))

/** Three items, and the keeper that comes after. */
async function restarted() {
  const world = await town()
  const first = await world.keeper('keeper')
  const links: string[] = []
  for (let i = 0; i < 3; i++) {
    const item = first.add([blobSource(`${i}.bin`, new Blob([content(i)]))])
    links.push((await item.whenReady()).link!)
  }
  await first.close()
  return { ...world, links, again: await world.keeper('keeper again') }
}

describe('a library that is larger than memory', () => {
  it('[RL20] is in nobody’s memory after the start, and whoever asks gets it all the same', async () => {
    const { again, tab, links } = await restarted()
    expect(again.items()).toEqual([])
    const bob = await tab('bob')
    const item = await bob.open(links[1]!)
    await item.whenReady({ signal: signal() })
    expect(isSame(await bytesOf(item), 1)).toBe(true)
    expect(again.items().map((each) => each.peek().title)).toEqual(['1.bin'])
    await Promise.all([again.close(), bob.close()])
  })

  it('[RL20] is read, and opened by its link, as if it were in memory', async () => {
    const { again, links, place } = await restarted()
    const [record] = await place.catalog.page(undefined, 1)
    const [found, same] = await Promise.all([again.find(record!.id), again.find(record!.id)])
    expect(found).toBe(same)
    expect(isSame(await bytesOf(found!), Number(record!.title[0]))).toBe(true)
    const opened = await again.open(links[0]!)
    expect(opened.peek()).toMatchObject({ origin: 'added', title: '0.bin' })
    expect(await place.catalog.totals()).toMatchObject({ items: 3 })
    await again.close()
  })

  it('[RL20] an item leaves memory when nobody has used it for a minute, and not while somebody does', async () => {
    const { again, tab, clock, links } = await restarted()
    const [read, watched, fetched] = await Promise.all(links.map((link) => again.open(link)))
    await Promise.all(again.items().map((item) => item.files()))
    const reader = read!.read(0, 0, 200_000).getReader()
    await reader.read()
    const stop = watched!.subscribe(() => undefined)
    const bob = await tab('bob')
    await (await bob.open(links[2]!)).whenReady({ signal: signal() })
    clock.pass()
    expect(
      again
        .items()
        .map(({ id }) => id)
        .sort()
    ).toEqual([read!.id, watched!.id, fetched!.id].sort())
    await bob.close()
    await reader.cancel()
    clock.pass()
    expect(again.items()).toEqual([watched])
    stop()
    clock.pass()
    expect(again.items()).toEqual([])
    const carol = await tab('carol')
    await (await carol.open(links[0]!)).whenReady({ signal: signal() })
    await Promise.all([again.close(), carol.close()])
  })

  it('[RL20] what is added leaves memory too, and what is removed is gone from both', async () => {
    const { again, tab, clock, place, links } = await restarted()
    const added = again.add([blobSource('9.bin', new Blob([content(9)]))])
    const { link } = await added.whenReady()
    clock.pass()
    expect(again.items()).toEqual([])
    const bob = await tab('bob')
    expect(isSame(await bytesOf(await bob.open(link!)), 9)).toBe(true)
    await (await again.find(added.id))!.remove()
    expect(await again.find(added.id)).toBeUndefined()
    expect(await place.catalog.totals()).toMatchObject({ items: links.length })
    await Promise.all([again.close(), bob.close()])
  })

  it('[RL20] one that is paused is asked for in vain, until it goes on', async () => {
    const { again, tab, clock, links } = await restarted()
    const item = await again.open(links[0]!)
    await item.files()
    await item.pause()
    clock.pass()
    expect(again.items()).toEqual([])
    const bob = await tab('bob')
    const asked = await bob.open(links[0]!)
    const found = (await again.find(item.id))!
    expect(found.peek().state).toBe('paused')
    expect(asked.peek().doneBlocks).toBe(0)
    await found.resume()
    await asked.whenReady({ signal: signal() })
    await Promise.all([again.close(), bob.close()])
  })
})
