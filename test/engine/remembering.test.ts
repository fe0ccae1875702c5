import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { copyHeardMs, metPeerMs, metPeersMax, metRelayMs, metRelaysMax } from '../../src/core/limits.ts'
import { Copies } from '../../src/engine/copies.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { lately, withMet } from '../../src/engine/met-peers.ts'
import { MetRelays } from '../../src/engine/met-relays.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { whenState } from '../../src/engine/watch.ts'
import { MemoryHub } from '../../src/network/memory.ts'
import type { Lane, Network, RelayState } from '../../src/network/types.ts'
import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { TrackerService } from '../../relay/tracker-service.ts'
import { seededBytes } from '../support/seeded.ts'

const soon = () => ({ signal: AbortSignal.timeout(5_000) })
const open: QuireEngine[] = []

afterEach(async () => {
  for (const engine of open.splice(0)) await engine.close()
})

/** A relay that may die, and those who meet there. */
class Town {
  readonly #tracker = new TrackerService(() => true)
  readonly #lanes: Lane[] = []
  #isDead = false
  readonly hub = new MemoryHub((lane) => {
    this.#lanes.push(lane)
    if (this.#isDead) lane.close()
    else this.#tracker.accept(lane)
  })

  killRelay(): void {
    this.#isDead = true
    for (const lane of this.#lanes) lane.close()
  }

  async open(name: string, parts: Home): Promise<QuireEngine> {
    const engine = await QuireEngine.open({
      ...parts,
      network: this.hub.join(name),
      origin: 'https://quire.test',
      role: 'program',
      flush: async () => undefined,
      room: { durable: true, freeBytes: async () => 1e12, persisted: async () => true }
    })
    open.push(engine)
    return engine
  }
}

interface Home {
  readonly store: MemoryBlockStore
  readonly catalog: MemoryCatalog
}

/** What outlives a visit. */
function home(): Home {
  const parts = { store: new MemoryBlockStore(), catalog: new MemoryCatalog() }
  parts.store.close = async () => undefined
  parts.catalog.close = async () => undefined
  return parts
}

const film = () => [blobSource('film.bin', new Blob([seededBytes(5, 6_000_000)]))]

describe('what is remembered beyond a visit', () => {
  it('[NW26] a fetch goes on after a restart though every relay is gone: it asks whom it met', async () => {
    const town = new Town()
    const alice = await town.open('alice', home())
    const link = await alice.add(film()).whenLinked()
    const place = home()
    const put = place.store.putBlocks.bind(place.store)
    const isEarly = (index: number) => index < 8
    place.store.putBlocks = (set, blocks) =>
      blocks.every(({ index }) => isEarly(index)) ? put(set, blocks) : new Promise(() => undefined)
    const bob = await town.open('bob', place)
    const item = await bob.open(link)
    await whenState(item, ({ doneBlocks }) => doneBlocks > 0, soon())
    await bob.close()
    place.store.putBlocks = put
    expect((await place.catalog.item(item.id))!.complete).toBe(false)
    town.killRelay()
    const again = await town.open('bob again', place)
    await again.item(item.id)!.whenReady(soon())
  })

  it('[TR10] a holder that comes back knows how many other copies there are, and connects to nobody for it', async () => {
    const town = new Town()
    const place = home()
    const alice = await town.open('alice', place)
    const link = await alice.add(film()).whenLinked()
    for (const name of ['bob', 'carol']) await (await (await town.open(name, home())).open(link)).whenReady(soon())
    await alice.close()
    const [item] = (await town.open('alice again', place)).items()
    const view = await whenState(item!, ({ otherCopies }) => otherCopies === 2, soon())
    expect(view.peers).toEqual([])
  })

  it('a copy that a tracker told of counts until the next answer could tell of it', () => {
    const timers = {
      nowMs: () => nowMs,
      after: (delayMs: number, run: () => void) => ((due = [nowMs + delayMs, run]), () => undefined)
    }
    let nowMs = 0
    let due: [number, () => void] = [0, () => undefined]
    let changes = 0
    const copies = new Copies(timers, () => changes++)
    const peer = (peerId: string, holder: boolean) =>
      ({ peerId: peerId as PeerId, holder, role: 'tab', record: new Uint8Array() }) as const
    copies.heard([peer('a', true), peer('b', false), peer('c', true)])
    expect(copies.count(['a' as PeerId, 'd' as PeerId])).toBe(3)
    nowMs = due[0]
    expect(nowMs).toBe(copyHeardMs)
    due[1]()
    expect(copies.count([])).toBe(0)
    expect(changes).toBe(2)
  })

  it('[NW26] few peers of an item are remembered, those met last, and not for ever', () => {
    const peer = (n: number, metAtMs = Date.now()) => ({ peerId: `p${n}` as PeerId, record: Uint8Array.of(n), metAtMs })
    let met = withMet(undefined, peer(0, Date.now() - metPeerMs))
    expect(lately(met)).toEqual([])
    for (let n = 1; n < 9; n++) met = withMet(met, peer(n))
    met = withMet(met, peer(7))
    expect(met.map(({ peerId }) => peerId)).toEqual(['p7', 'p8', 'p6', 'p5'])
    expect(met).toHaveLength(metPeersMax)
  })
})

describe('relays that links led to', () => {
  /** A network that knows relays, and nothing else. */
  function relaysOf(catalog: MemoryCatalog) {
    const added = new Map<string, RelayState>()
    const status = () => ({ relays: [...added].map(([url, state]) => ({ url, state })), webrtc: true })
    const network = { addRelay: (url: string) => void added.set(url, 'connecting'), status } as unknown as Network
    return { added, met: new MetRelays(catalog, network) }
  }

  async function visit(
    catalog: MemoryCatalog,
    urls: readonly string[],
    state: RelayState = 'reserved'
  ): Promise<string[]> {
    const { added, met } = relaysOf(catalog)
    await met.recall()
    const recalled = [...added.keys()]
    for (const url of urls) {
      met.use(url)
      added.set(url, state)
      await met.look()
    }
    return recalled
  }

  it('[NW25] are used again at the next start when they were there', async () => {
    const catalog = new MemoryCatalog()
    expect(await visit(catalog, ['https://one', 'https://two'])).toEqual([])
    await visit(catalog, ['https://away'], 'unreachable')
    expect(await visit(catalog, [])).toEqual(['https://two', 'https://one'])
  })

  it('[NW25] are few, and forgotten when no link named them for long', async () => {
    const catalog = new MemoryCatalog()
    await catalog.put('relays', [{ url: 'https://old', metAtMs: Date.now() - metRelayMs }])
    expect(await visit(catalog, [])).toEqual([])
    await visit(
      catalog,
      Array.from({ length: 12 }, (_, i) => `https://${i}`)
    )
    const recalled = await visit(catalog, [])
    expect(recalled).toHaveLength(metRelaysMax)
    expect(recalled[0]).toBe('https://11')
  })
})
