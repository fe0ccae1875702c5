import { afterEach, describe, expect, it } from 'vitest'
import type { SwarmId } from '../../src/core/ids.ts'
import { FrameReader } from '../../src/core/exchange/frame-reader.ts'
import { decodeKeepFrame, encodeKeepFrame } from '../../src/core/keep/codec.ts'
import { parseLink } from '../../src/core/link/link.ts'
import { blockBytes, keepDiskRetryMs, keepersAsked, keepFrameBytesMax } from '../../src/core/limits.ts'
import { utf8Encode } from '../../src/core/proto/utf8.ts'
import { keptRecord } from '../../src/engine/describe.ts'
import { Discovery } from '../../src/engine/discovery.ts'
import { blobSource } from '../../src/engine/sources.ts'
import type { Item, ItemView } from '../../src/engine/types.ts'
import { platformTimers, whenState } from '../../src/engine/watch.ts'
import type { MemoryHub } from '../../src/network/memory.ts'
import { StoreFull } from '../../src/store/errors.ts'
import type { Catalog } from '../../src/store/types.ts'
import { temporaryFolder } from '../support/files.ts'
import {
  addKept,
  closeAll,
  fetched,
  freshParts,
  hubWithTracker,
  idOf,
  keeperId,
  key,
  named,
  openEngine,
  openKeeper,
  otherKey,
  partsIn,
  untilKept,
  within
} from '../support/keep-world.ts'
import { keptSet } from '../support/small-sets.ts'
import { seededBytes } from '../support/seeded.ts'

afterEach(closeAll)

const safeAt = ({ keep }: ItemView): number => keep?.keepers.filter(({ state }) => state === 'safe').length ?? 0
const untilSafeAt = (item: Item, count: number) => whenState(item, (view) => safeAt(view) === count, within())

async function swarmOf(catalog: Catalog, item: Item): Promise<SwarmId> {
  const { manifestCid } = parseLink(await item.whenLinked())
  return (await catalog.itemByManifest(manifestCid))!.kept!.swarmId
}

/** Asks the tracker, as often as it is called, who is in a swarm. */
async function lookout(hub: MemoryHub): Promise<(swarmId: SwarmId) => Promise<readonly string[]>> {
  const network = hub.join('lookout')
  const discovery = new Discovery({ network, timers: platformTimers, log: () => undefined, role: 'tab' })
  network.onLane = (lane) => discovery.addTracker(lane)
  await network.start()
  return (swarmId) =>
    new Promise((resolve) => discovery.look(swarmId, (peers) => resolve(peers.map(({ peerId }) => peerId))))
}

describe('keepers in number', () => {
  it('[KE12] two have a copy where two are known, and who closes then has lost nothing when one of them goes', async () => {
    const hub = hubWithTracker()
    hub.keepers = [...hub.keepers, named(idOf(otherKey), 'other.test', hub.keepers[0]!.terms)]
    const first = await openKeeper(hub)
    await openKeeper(hub, freshParts(), {}, otherKey)
    const alice = await openEngine(hub, 'alice')
    const content = seededBytes(31, 2_000_000)
    const item = addKept(alice, content, 'two.bin', keepersAsked)
    const link = await item.whenLinked()
    expect((await untilSafeAt(item, 2)).keep).toMatchObject({ state: 'safe', copiesWanted: 2 })
    await Promise.all([alice.close(), first.close()])
    expect(Buffer.from(await fetched(await openEngine(hub, 'bob'), link)).equals(content)).toBe(true)
  })

  it('one has it where one is known, which is safe, and two are asked when that is switched on later', async () => {
    const hub = hubWithTracker()
    await openKeeper(hub)
    const alice = await openEngine(hub, 'alice')
    expect(await untilKept(addKept(alice, seededBytes(32, 1_000), 'a', keepersAsked), 'safe')).toMatchObject({
      copiesWanted: 2,
      keepers: [{ state: 'safe' }]
    })
    const item = alice.add([blobSource('b', new Blob([seededBytes(33, 1_000)]))])
    await item.keep(true)
    expect((await untilKept(item, 'safe')).copiesWanted).toBe(keepersAsked)
  })

  it.each(['create', 'putBlocks'] as const)('[KE8] a disk that fails once, at %s, ends no promise', async (call) => {
    const hub = hubWithTracker()
    const { store, catalog } = freshParts()
    const soon = (delayMs: number, run: () => void) =>
      platformTimers.after(delayMs === keepDiskRetryMs ? 0 : delayMs, run)
    await openKeeper(hub, { store, catalog, timers: { ...platformTimers, after: soon } })
    const { [call]: works } = store
    const fails = () => {
      Object.assign(store, { [call]: works })
      return Promise.reject(new StoreFull())
    }
    Object.assign(store, { [call]: fails })
    const item = addKept(await openEngine(hub, 'alice'), seededBytes(43, 900_000))
    const isOver = ({ keep }: ItemView) => keep?.state === 'safe' || keep?.state === 'refused'
    expect((await whenState(item, isOver, within())).keep!.state).toBe('safe')
    expect(await catalog.items()).toMatchObject([{ complete: true }])
  })

  it('[KE2] a keeper promises no more than what it adds itself leaves of its quota', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    await parts.catalog.put('limitBytes', 10_000_000)
    const keeper = await openKeeper(hub, parts)
    await keeper.add([blobSource('own', new Blob([seededBytes(40, 8_500_000)]))]).whenReady(within())
    const alice = await openEngine(hub, 'alice')
    await untilKept(addKept(alice, seededBytes(41, 900_000)), 'safe')
    expect(await untilKept(addKept(alice, seededBytes(42, 900_000)), 'refused')).toMatchObject({ code: 'full' })
  })

  it('[KE6] [KE7] nothing is promised any more that ended while its receipt was signed', async () => {
    const hub = hubWithTracker()
    const signed = Promise.withResolvers<void>()
    const sign: typeof key.sign = async (text) => (await signed.promise, key.sign(text))
    await openKeeper(hub, freshParts(), { termMsMax: 1_000 }, Object.assign(Object.create(key), { sign }) as typeof key)
    const eve = hub.join('eve')
    const lane = await eve.connect(utf8Encode(keeperId), { ...within(), protocol: '/quire/keep/1' })
    const frames: string[] = []
    const reader = new FrameReader(keepFrameBytesMax)
    lane.onChunk = (chunk) => {
      for (const frame of reader.push(chunk).map(decodeKeepFrame))
        frames.push(frame.type === 'status' ? frame.state : frame.type)
    }
    const { manifestCid, swarmId } = keptSet(3, 0).record.kept
    const offer = { manifestCid, swarmId, sizeBytes: blockBytes, termMs: 1_000, owner: new Uint8Array(32) }
    lane.send(encodeKeepFrame({ type: 'offer', offer }))
    await expect.poll(() => frames, { timeout: 5_000 }).toEqual(['coming', 'none'])
    signed.resolve()
    lane.send(encodeKeepFrame({ type: 'ask-status', swarmId }))
    await expect.poll(() => frames).toEqual(['coming', 'none', 'none'])
  })

  it('[KE23] a keeper that nobody names or announces any more is asked at the next visit what it has', async () => {
    await using folder = await temporaryFolder('alice')
    const hub = hubWithTracker()
    const forgetful = await openKeeper(hub, freshParts(), { unlisted: true })
    const alice = await openEngine(hub, 'alice', await partsIn(folder.path))
    const item = addKept(alice, seededBytes(34, 100_000))
    await untilKept(item, 'safe')
    await Promise.all([alice.close(), forgetful.close()])
    hub.keepers = []
    const parts = freshParts()
    await openKeeper(hub, parts, { unlisted: true })
    const back = await openEngine(hub, 'alice', await partsIn(folder.path))
    expect(back.item(item.id)!.peek().keep).toMatchObject({ state: 'safe', keepers: [{ keeper: keeperId }] })
    await expect.poll(() => parts.catalog.items(), { timeout: 10_000 }).toMatchObject([{ complete: true }])
    expect(await untilKept(back.item(item.id)!, 'safe')).toMatchObject({ host: 'keeper.test' })
    expect(back.network.peek().keepers).toMatchObject([{ peerId: keeperId, remembered: true }])
    await untilKept(addKept(back, seededBytes(35, 1_000)), 'none')
    await back.close()
  })

  it('[TR11] [KE24] what it holds is announced by a keeper that starts in the midst of another copy', async () => {
    const hub = hubWithTracker()
    const parts = freshParts()
    const [whole, coming] = [1, 2].map((index) => keptSet(index, Date.now() + 3_600_000).record)
    await parts.catalog.putItem(whole!)
    await parts.catalog.putItem(keptRecord(coming!.id, coming!.kept)) // it promised, and has nothing of it yet
    await openKeeper(hub, parts)
    const look = await lookout(hub)
    await expect.poll(() => look(whole!.kept.swarmId)).toEqual([keeperId])
  })

  it('[TR11] [KE24] a copy that ends while it is in the catalog alone is named by no tracker any more', async () => {
    await using folder = await temporaryFolder('keeper')
    const hub = hubWithTracker()
    const parts = await partsIn(folder.path)
    const keeper = await openKeeper(hub, parts)
    const alice = await openEngine(hub, 'alice')
    const [ending, staying] = [addKept(alice, seededBytes(36, 1_000)), addKept(alice, seededBytes(37, 1_000), 'b')]
    await Promise.all([untilKept(ending, 'safe'), untilKept(staying, 'safe')])
    const swarmIds = await Promise.all([ending, staying].map((item) => swarmOf(parts.catalog, item)))
    await keeper.close()
    await openKeeper(hub, await partsIn(folder.path))
    const look = await lookout(hub)
    const holders = () => Promise.all(swarmIds.map(async (id) => (await look(id)).includes(keeperId)))
    await expect.poll(holders, { timeout: 10_000 }).toEqual([true, true])
    await ending.keep(false)
    await expect.poll(holders, { timeout: 10_000 }).toEqual([false, true])
  })
})
