import { bytesEqual } from '../../src/core/bytes.ts'
import { groupIndex, type PeerId } from '../../src/core/ids.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { groupCountOf, type HashGroup } from '../../src/core/merkle/group.ts'
import { QuireEngine } from '../../src/engine/engine.ts'
import { type DataSetKeys, keysOf } from '../../src/engine/keys.ts'
import { blobSource } from '../../src/engine/sources.ts'
import { MemoryHub, type MemoryNetwork } from '../../src/network/memory.ts'
import type { BlockStore, Catalog } from '../../src/store/types.ts'
import { seededBytes } from '../support/seeded.ts'
import { AttackLane } from './attack-lane.ts'
import { inTime, quiet, TestClock } from './clock.ts'

/** A data set as everybody who has its link may know it. */
export interface Truth {
  readonly link: string
  readonly content: Uint8Array
  readonly keys: DataSetKeys
  readonly manifest: Uint8Array
  readonly blocks: readonly Uint8Array[]
  readonly groups: readonly HashGroup[]
}

export interface Stores {
  readonly store: BlockStore
  readonly catalog: Catalog
}

/** Blocks of the data set that is attacked: two messages of hashes would make no other case, five of blocks do. */
const contentBytes = 900_000

/** A whole engine with a library of one share, on stores of one's own choice, in a time of one's own. */
export class Victim {
  readonly engine: QuireEngine
  readonly clock: TestClock
  readonly peerId: PeerId
  /** Reasons for which peers were dropped, and how often. */
  readonly dropped: Map<string, number>
  readonly #network: MemoryNetwork

  private constructor(engine: QuireEngine, clock: TestClock, network: MemoryNetwork, dropped: Map<string, number>) {
    this.engine = engine
    this.clock = clock
    this.peerId = network.peerId
    this.dropped = dropped
    this.#network = network
  }

  static async open({ store, catalog }: Stores, truth?: Truth): Promise<Victim> {
    const clock = new TestClock()
    const network = new MemoryHub().join('victim')
    const dropped = new Map<string, number>()
    if (truth) guard(store, truth)
    const engine = await QuireEngine.open({
      store,
      catalog,
      network,
      origin: 'https://quire.test',
      role: 'program',
      timers: clock,
      flush: async () => undefined,
      log(event, fields) {
        if (event !== 'peer-dropped') return
        const code = String(fields?.code)
        dropped.set(code, (dropped.get(code) ?? 0) + 1)
      },
      room: { durable: false, freeBytes: async () => 1e12, persisted: async () => false }
    })
    return new Victim(engine, clock, network, dropped)
  }

  /** One that shares, and what it shares. */
  static async sharing(stores: Stores): Promise<{ victim: Victim; truth: Truth }> {
    const victim = await Victim.open(stores)
    const content = seededBytes(4, contentBytes)
    const item = victim.engine.add([blobSource('a.bin', new Blob([content]))])
    const link = await inTime(victim.clock, item.whenLinked())
    await inTime(victim.clock, item.whenReady())
    const { blockCount } = item.peek()
    const { secret, manifestCid } = parseLink(link)
    const blocks = await stores.store.readBlocks(item.id, { start: 0, count: blockCount })
    const groups: HashGroup[] = []
    for (let i = 0; i < groupCountOf(blockCount); i++) {
      groups.push((await stores.store.readHashGroup(item.id, groupIndex(i)))!)
    }
    const { manifest } = (await stores.catalog.itemByManifest(manifestCid))!
    return { victim, truth: { link, content, keys: keysOf(manifestCid, secret), manifest: manifest!, blocks, groups } }
  }

  /** One that has the link and looks for somebody who has the rest. */
  static async fetching(stores: Stores, truth: Truth): Promise<Victim> {
    const victim = await Victim.open(stores, truth)
    const { id } = await inTime(victim.clock, victim.engine.open(truth.link))
    // It asks its store what it holds before it takes part, and answers come in the order of the questions.
    await stores.store.held(id)
    await quiet()
    return victim
  }

  /** A stranger opens a lane. */
  meet(name: string): AttackLane {
    const lane = new AttackLane(name as PeerId, this.peerId)
    this.#network.onLane(lane)
    return lane
  }
}

/** From now on the store takes nothing but the truth. */
function guard(store: BlockStore, truth: Truth): void {
  const put = store.putBlocks.bind(store)
  store.putBlocks = (set, blocks) => {
    const wrong = blocks.find(({ index, bytes }) => !bytesEqual(bytes, truth.blocks[index]!))
    if (wrong) throw new Error(`block ${wrong.index} was to be stored and is not what it should be`)
    return put(set, blocks)
  }
}
