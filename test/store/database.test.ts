import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { groupIndex, type ManifestCid, type SetId } from '../../src/core/ids.ts'
import { openBrowserStore } from '../../src/store/browser.ts'
import { Database } from '../../src/store/database.ts'
import { StoreBlocked, StoreFailed, StoreNewer, StoreUnavailable } from '../../src/store/errors.ts'
import { openIndexedDb } from '../../src/store/indexeddb.ts'
import { v1, v1Block, v1Leaves, writeDatabaseV1 } from '../support/store-v1.ts'

const set = v1.set as string as SetId

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a store of an earlier version', () => {
  it('[ST15] written by version 1 is read whole, and goes on', async () => {
    await writeDatabaseV1('of version 1')
    const { blocks, catalog } = await openIndexedDb('of version 1')
    expect(await blocks.sets()).toEqual([set])
    expect(await blocks.shape(set)).toEqual(v1.shape)
    expect([...(await blocks.held(set))!.ranges()]).toEqual([
      { start: 3, count: 2 },
      { start: 69, count: 1 }
    ])
    expect(await blocks.readBlocks(set, { start: 3, count: 2 })).toEqual([v1Block(3), v1Block(4)])
    expect(await blocks.readBlocks(set, { start: 69, count: 1 })).toEqual([v1Block(69)])
    expect((await blocks.readHashGroup(set, groupIndex(0)))!.leaves).toEqual(v1Leaves)
    expect(await blocks.usedBytes()).toBe(3 * 1024 + 70 * 32)
    expect(await catalog.itemByManifest(v1.item.manifestCid as string as ManifestCid)).toEqual(v1.item)
    expect(await catalog.get('settings')).toEqual({ dark: true })
    await blocks.putBlocks(set, [{ index: 5, bytes: v1Block(5) }])
    expect(await blocks.readBlocks(set, { start: 3, count: 3 })).toEqual([v1Block(3), v1Block(4), v1Block(5)])
    await blocks.close()
  })
})

describe('the database', () => {
  it('[ST14] gives way to a newer version in another tab, and then says StoreNewer', async () => {
    const database = new Database('outgrown')
    await database.read(['sets'], (tx) => tx.objectStore('sets').count())
    const newer = await openDB('outgrown', 2)
    const late = database.read(['sets'], (tx) => tx.objectStore('sets').count())
    await expect(late).rejects.toBeInstanceOf(StoreNewer)
    newer.close()
    await database.close()
  })

  it('[ST14] says StoreBlocked while another tab holds an older version', async () => {
    // As a tab has it that does not listen: only what is older than version 1 can be that here.
    const holder = indexedDB.open('held back', 1)
    await new Promise((resolve) => (holder.onsuccess = resolve))
    const open = vi.spyOn(indexedDB, 'open')
    open.mockImplementationOnce((name) => IDBFactory.prototype.open.call(indexedDB, name, 2))
    const database = new Database('held back')
    const count = () => database.read(['sets'], (tx) => tx.objectStore('sets').count())
    await expect(count()).rejects.toBeInstanceOf(StoreBlocked)
    holder.result.close()
    await database.close()
  })

  it('[ST14] is opened anew by the next call after the browser closed it', async () => {
    const database = new Database('cleared')
    let connection: IDBDatabase | undefined
    const put = async (value: number) =>
      database.write(['values'], (tx) => {
        connection = tx.db as unknown as IDBDatabase
        return tx.objectStore('values').put(value, 'x')
      })
    await put(1)
    connection!.close()
    await put(2)
    expect(await database.read(['values'], (tx) => tx.objectStore('values').get('x'))).toBe(2)
    await database.close()
  })

  it('[ST14] changes nothing when the work throws in the middle', async () => {
    const database = new Database('half')
    const half = database.write(['values'], async (tx) => {
      await tx.objectStore('values').put(1, 'x')
      throw new StoreFailed('for the test')
    })
    await expect(half).rejects.toBeInstanceOf(StoreFailed)
    expect(await database.read(['values'], (tx) => tx.objectStore('values').get('x'))).toBeUndefined()
    await database.close()
  })

  it('[ST14] says StoreUnavailable where the browser has none or forbids it', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('forbidden', 'SecurityError')
    })
    await expect(openBrowserStore('x')).rejects.toBeInstanceOf(StoreUnavailable)
    vi.stubGlobal('indexedDB', undefined)
    await expect(openBrowserStore('x')).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

describe('a browser without shared private files', () => {
  it('[ST12] keeps blocks in records, and does not touch a data set that is in a file', async () => {
    const { blocks, home } = await openBrowserStore('no files')
    expect(home).toBe('records')
    await blocks.close()
    const database = new Database('no files')
    const inFile = {
      set,
      blockCount: 4,
      blockBytes: 1024,
      home: 'file',
      heldBlocks: 1,
      hashesBytes: 0,
      serial: 7
    } as const
    await database.write(['sets'], (tx) => tx.objectStore('sets').put(inFile))
    await database.close()
    const again = (await openIndexedDb('no files')).blocks
    await expect(again.readBlocks(set, { start: 0, count: 1 })).rejects.toBeInstanceOf(StoreUnavailable)
    const put = again.putBlocks(set, [{ index: 2, bytes: v1Block(2) }])
    await expect(put).rejects.toBeInstanceOf(StoreUnavailable)
    expect((await again.held(set))!.count).toBe(0)
    await again.close()
  })
})
