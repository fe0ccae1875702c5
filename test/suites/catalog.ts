import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ManifestCid, PeerId, SetId, SwarmId } from '../../src/core/ids.ts'
import { BadStoreCall, StoreClosed } from '../../src/store/errors.ts'
import type { Catalog, ItemRecord } from '../../src/store/types.ts'

export interface OpenCatalog {
  readonly catalog: Catalog
  /** Closes it and opens the same place again. */
  reopen(): Promise<Catalog>
  dispose(): Promise<void>
}

const item = (id: string, parts: Partial<ItemRecord> = {}): ItemRecord => ({
  id: id as SetId,
  origin: 'added',
  kind: 'sealed',
  relays: ['wss://relay.example'],
  title: 'Grüße 🌍.txt',
  fileCount: 1,
  mimeType: 'text/plain',
  contentBytes: 2 ** 40,
  createdAtMs: 1,
  lastUsedAtMs: 2,
  pinned: false,
  paused: false,
  complete: false,
  ...parts
})

const known = item('b', {
  manifestCid: 'zDvA' as ManifestCid,
  manifest: Uint8Array.of(0, 1, 254, 255),
  secret: new Uint8Array(16).fill(7),
  complete: true,
  metPeers: [{ peerId: '12D3' as PeerId, record: Uint8Array.of(1, 2, 3), metAtMs: 4 }]
})

/** What every Catalog does. `open` gives a new, empty place each time. */
export function catalogSuite(name: string, open: () => Promise<OpenCatalog>): void {
  describe(`${name}: as every catalog`, () => {
    let place: OpenCatalog
    let catalog: Catalog
    beforeEach(async () => {
      place = await open()
      catalog = place.catalog
    })
    afterEach(() => place.dispose())

    it('[ST13] finds items by id and by manifest, and forgets what is removed', async () => {
      await Promise.all([catalog.putItem(item('a')), catalog.putItem(known)])
      expect(await catalog.item('a' as SetId)).toEqual(item('a'))
      expect(await catalog.itemByManifest('zDvA' as ManifestCid)).toEqual(known)
      expect(await catalog.itemByManifest('zDvB' as ManifestCid)).toBeUndefined()
      await catalog.putItem({ ...known, manifestCid: 'zDvB' as ManifestCid, title: 'new' })
      expect(await catalog.itemByManifest('zDvA' as ManifestCid)).toBeUndefined()
      expect((await catalog.itemByManifest('zDvB' as ManifestCid))!.title).toBe('new')
      expect((await catalog.items()).map(({ id }) => id).sort()).toEqual(['a', 'b'])
      await catalog.removeItem('b' as SetId)
      await catalog.removeItem('never there' as SetId)
      expect(await catalog.item('b' as SetId)).toBeUndefined()
      expect(await catalog.items()).toEqual([item('a')])
    })

    it('[ST27] tells of what was removed until it has left, at the next visit too, unless it is put again', async () => {
      const [one, two, three] = ['a', 'b', 'c'].map((id) => item(id))
      await Promise.all([one!, two!, three!].map((each) => catalog.putItem(each)))
      expect(await catalog.leaving()).toEqual([])
      for (const { id } of [one!, two!, three!]) await catalog.removeItem(id)
      expect((await catalog.leaving()).sort()).toEqual(['a', 'b', 'c'])
      await catalog.left(one!.id)
      await catalog.putItem(two!)
      const again = await place.reopen()
      expect(await again.leaving()).toEqual(['c'])
      expect(await again.items()).toEqual([two])
      await again.left(three!.id)
      expect(await again.leaving()).toEqual([])
      await again.close()
    })

    it('[ST13] keeps values by name, bytes among them', async () => {
      const value = { text: 'ü', list: [1, null, true, { deep: Uint8Array.of(9, 8) }], none: null }
      await catalog.put('settings', value)
      expect(await catalog.get('settings')).toEqual(value)
      await catalog.put('settings', 4)
      expect(await catalog.get('settings')).toBe(4)
      expect(await catalog.get('other')).toBeUndefined()
    })

    it('[ST13] keeps what keepers promised, and what is kept for others', async () => {
      const [keeper, peerId, manifestCid] = ['k' as PeerId, 'p' as PeerId, 'zDvC' as ManifestCid]
      const promise = {
        keeper,
        host: 'keeper.example',
        untilMs: 9e12,
        held: true,
        receipt: new Uint8Array(180).fill(3)
      }
      const keep = { wanted: true, ownerKey: new Uint8Array(32).fill(4), promises: [promise] }
      const swarmKey = new Uint8Array(32).fill(5)
      const swarmId = 'ab'.repeat(32) as SwarmId
      const kept = { manifestCid, swarmId, swarmKey, sizeBytes: 65_536, untilMs: 9e12, peerId, owners: ['cd'] }
      await catalog.putItem(item('a', { keep }))
      await catalog.putItem(item('c', { manifestCid, kept }))
      const again = await place.reopen()
      expect(await again.item('a' as SetId)).toEqual(item('a', { keep }))
      expect(await again.item('c' as SetId)).toEqual(item('c', { manifestCid, kept }))
      await again.close()
    })

    it('[ST13] finds everything again at the next visit', async () => {
      await Promise.all([catalog.putItem(known), catalog.put('relays', ['a']), catalog.putItem(item('a'))])
      const again = await place.reopen()
      expect(await again.item('b' as SetId)).toEqual(known)
      expect(await again.get('relays')).toEqual(['a'])
      expect(await again.items()).toHaveLength(2)
      await again.close()
    })

    it('[ST8] keeps copies: what was put or read can be changed afterwards', async () => {
      const secret = new Uint8Array(32).fill(1)
      const relays = ['one']
      await catalog.putItem({ ...known, relays, secret: secret.subarray(0, 16) })
      secret.fill(0)
      relays.push('two')
      const read = (await catalog.item('b' as SetId))!
      expect(read.secret).toEqual(new Uint8Array(16).fill(1))
      expect(read.secret!.buffer.byteLength).toBe(16)
      expect(read.relays).toEqual(['one'])
      read.secret!.fill(0)
      expect((await catalog.item('b' as SetId))!.secret).toEqual(new Uint8Array(16).fill(1))
    })

    it('[ST3] refuses bad ids, and values that cannot be kept', async () => {
      await expect(catalog.putItem(item(''))).rejects.toBeInstanceOf(BadStoreCall)
      await expect(catalog.put('call', () => 1)).rejects.toBeInstanceOf(BadStoreCall)
      expect(await catalog.get('call')).toBeUndefined()
    })

    it('[ST9] says StoreClosed after it was closed', async () => {
      await catalog.close()
      await expect(catalog.items()).rejects.toBeInstanceOf(StoreClosed)
      await expect(catalog.put('x', 1)).rejects.toBeInstanceOf(StoreClosed)
      await catalog.close()
    })
  })
}
