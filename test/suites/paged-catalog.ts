import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deriveKeys, plainSwarmId } from '../../src/core/envelope/keys.ts'
import type { PeerId, SetId, SwarmId } from '../../src/core/ids.ts'
import { catalogPageItems } from '../../src/core/limits.ts'
import { itemsOf, type PagedCatalog } from '../../src/store/paged.ts'
import type { ItemRecord } from '../../src/store/types.ts'
import { smallSet } from '../support/small-sets.ts'

const secret = new Uint8Array(16).fill(7)
const [peerId, keeper] = ['p' as PeerId, 'k' as PeerId]
const promise = { keeper, host: 'keeper.example', untilMs: 9e12, held: true, receipt: new Uint8Array(180) }
const keep = { wanted: false, ownerKey: new Uint8Array(32), promises: [] }

/** One of every kind, by what is remarkable about it. */
const items = (() => {
  const item = (index: number, parts: Partial<ItemRecord> = {}) => ({ ...smallSet(index).record, ...parts })
  const { manifestCid } = smallSet(9).record
  const kept = {
    manifestCid,
    swarmId: 'ab'.repeat(32) as SwarmId,
    sizeBytes: 65_536,
    untilMs: 9e12,
    peerId,
    owners: ['c']
  }
  return {
    plain: item(1, { createdAtMs: 5 }),
    sealed: item(2, { kind: 'sealed', secret, createdAtMs: 4 }),
    released: item(3, { keep, createdAtMs: 4 }),
    paused: item(4, { paused: true, createdAtMs: 3 }),
    wished: item(5, { keep: { ...keep, wanted: true }, createdAtMs: 2 }),
    promised: item(6, { keep: { ...keep, promises: [promise] }, createdAtMs: 1 }),
    coming: item(7, { complete: false, createdAtMs: 0 }),
    half: item(8, { complete: false, manifest: undefined, manifestCid: undefined, createdAtMs: 0.5 }),
    kept: item(9, { kept }),
    offered: item(10, { complete: false, kept: { ...kept, swarmId: 'cd'.repeat(32) as SwarmId, sizeBytes: 1_000 } })
  }
})()

const idsOf = (records: readonly { readonly id: SetId }[]) => records.map(({ id }) => id).sort()

/** What every PagedCatalog does. `open` gives a new, empty place each time. */
export function pagedCatalogSuite(
  name: string,
  open: () => Promise<{ readonly catalog: PagedCatalog; dispose(): Promise<void> }>
): void {
  describe(`${name}: as every catalog that need not be read whole`, () => {
    let catalog: PagedCatalog
    let dispose: () => Promise<void>
    beforeEach(async () => {
      ;({ catalog, dispose } = await open())
      for (const item of Object.values(items)) await catalog.putItem(item)
    })
    afterEach(() => dispose())

    it('[ST25] tells what something is to be done about', async () => {
      const { wished, promised, coming, half, offered } = items
      expect(idsOf(await catalog.restless())).toEqual(idsOf([wished, promised, coming, half, offered]))
      await catalog.putItem({ ...coming, complete: true })
      await catalog.removeItem(half.id)
      expect(idsOf(await catalog.restless())).toEqual(idsOf([wished, promised, offered]))
    })

    it('[ST25] finds by its swarm what waits to be asked for, and nothing else', async () => {
      const swarmId = plainSwarmId(items.plain.manifestCid)
      expect((await catalog.servedBySwarm(swarmId))?.id).toBe(items.plain.id)
      expect((await catalog.servedBySwarm(deriveKeys(secret).swarmId))?.id).toBe(items.sealed.id)
      for (const { manifestCid } of [items.paused, items.wished, items.coming])
        expect(await catalog.servedBySwarm(plainSwarmId(manifestCid))).toBeUndefined()
      await catalog.putItem({ ...items.plain, paused: true })
      expect(await catalog.servedBySwarm(swarmId)).toBeUndefined()
    })

    it('[ST25] gives the swarms of what waits in pages, each once', async () => {
      const all = [
        deriveKeys(secret).swarmId,
        ...[items.plain, items.released].map((each) => plainSwarmId(each.manifestCid)),
        items.kept.kept!.swarmId
      ]
      const [first, second, third, fourth] = all.sort()
      expect(await catalog.servedSwarms(undefined, 2)).toEqual([first, second])
      expect(await catalog.servedSwarms(second, 3)).toEqual([third, fourth])
      expect(await catalog.servedSwarms(fourth, 2)).toEqual([])
    })

    it('[KE24] finds a whole copy for others by its swarm, and says what its peer takes', async () => {
      const { kept, offered, plain } = items
      const { swarmId } = kept.kept!
      expect((await catalog.keptBySwarm(swarmId))?.id).toBe(kept.id)
      expect(await catalog.keptBySwarm(offered.kept!.swarmId)).toBeUndefined()
      expect(await catalog.keptBySwarm(plainSwarmId(plain.manifestCid))).toBeUndefined()
      expect(await catalog.servedBySwarm(swarmId)).toBeUndefined()
      const both = { copies: 2, bytes: 66_536 }
      expect(await catalog.keptFor(swarmId, peerId)).toMatchObject({ record: { id: kept.id }, theirs: both })
      const nothing = { record: undefined, theirs: { copies: 0, bytes: 0 } }
      expect(await catalog.keptFor('00' as SwarmId, keeper)).toEqual(nothing)
      expect(await catalog.keptTotals()).toEqual(both)
      await catalog.removeItem(offered.id)
      expect(await catalog.keptTotals()).toEqual({ copies: 1, bytes: 65_536 })
    })

    it('[KE7] tells which whole copies are over, and when the next is', async () => {
      const later = { ...items.kept, id: 'later' as SetId, kept: { ...items.kept.kept!, untilMs: 9.5e12 } }
      await catalog.putItem(later)
      expect(await catalog.keptEnded(9e12 - 1, 10)).toEqual([])
      expect(await catalog.nextKeptEnd(9e12 - 1)).toBe(9e12)
      expect(idsOf(await catalog.keptEnded(9e12, 10))).toEqual([items.kept.id])
      expect(await catalog.nextKeptEnd(9e12)).toBe(9.5e12)
      expect(idsOf(await catalog.keptEnded(1e13, 1))).toEqual([items.kept.id])
      expect(idsOf(await catalog.keptEnded(1e13, 2))).toEqual(idsOf([items.kept, later]))
      expect(await catalog.nextKeptEnd(1e13)).toBeUndefined()
    })

    it('[ST25] gives all items newest first, in pages, each once, also those of one moment', async () => {
      await catalog.removeItem(items.kept.id)
      const more = Array.from({ length: catalogPageItems }, (_, i) => ({ ...items.half, id: `more-${i}` as SetId }))
      for (const item of more) await catalog.putItem(item)
      const read: ItemRecord[] = []
      for await (const item of itemsOf(catalog)) read.push(item)
      expect(idsOf(read)).toEqual(idsOf([...Object.values(items), ...more].filter(({ id }) => id !== items.kept.id)))
      expect(read.map(({ createdAtMs }) => Math.floor(createdAtMs))).toEqual(
        read.map(({ createdAtMs }) => Math.floor(createdAtMs)).sort((a, b) => b - a)
      )
    })

    it('[ST25] counts its items, what is kept for others, and blocks of what is whole', async () => {
      expect(await catalog.totals()).toEqual({ items: 8, kept: 2, wholeBlocks: 6 })
      await catalog.removeItem(items.plain.id)
      await catalog.removeItem(items.kept.id)
      expect(await catalog.totals()).toEqual({ items: 7, kept: 1, wholeBlocks: 5 })
    })

    it('[ST25] takes up what it cannot place', async () => {
      await catalog.putItem({ ...items.plain, manifest: Uint8Array.of(1, 2, 3) })
      expect(idsOf(await catalog.restless())).toContain(items.plain.id)
    })
  })
}
