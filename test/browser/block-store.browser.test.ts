import { describe, expect, it } from 'vitest'
import type { SetId } from '../../src/core/ids.ts'
import { openBrowserStore } from '../../src/store/browser.ts'
import { seededBytes } from '../support/seeded.ts'
import { openInWorker } from '../support/store-in-worker.ts'
import { blockStoreSuite } from '../suites/block-store.ts'

let places = 0

async function openPlace(kind: 'records' | 'best') {
  const name = `block store ${kind} ${places++}`
  const opened = [await openInWorker(kind, name)]
  const again = async () => {
    const other = await openInWorker(kind, name)
    opened.push(other)
    return other.store
  }
  const { store, terminate } = opened[0]!
  return {
    store,
    second: again,
    reopen: async () => {
      await store.close()
      return again()
    },
    crash: async () => {
      terminate()
      return again()
    },
    dispose: async () => opened.forEach((one) => one.terminate())
  }
}

blockStoreSuite('IndexedDB', () => openPlace('records'), ['second', 'crash'])
blockStoreSuite('private files', () => openPlace('best'), ['second', 'crash'])

describe('a browser store', () => {
  it('[ST12] keeps new data sets in private files in a worker, and in records on the page', async () => {
    const { store, home, terminate } = await openInWorker('best', 'homes')
    await store.close()
    terminate()
    const onPage = await openBrowserStore('homes')
    expect([home, onPage.home]).toEqual(['file', 'records'])
    await onPage.blocks.close()
  })

  it('[ST12] finds a data set where it was made, whatever the browser can do now', async () => {
    const onPage = await openBrowserStore('moved')
    const set = 'made-on-page' as SetId
    await onPage.blocks.create(set, { blockCount: 4, blockBytes: 1024 })
    await onPage.blocks.putBlocks(set, [{ index: 2, bytes: seededBytes(3, 1024) }])
    await onPage.blocks.close()
    const { store, terminate } = await openInWorker('best', 'moved')
    await store.putBlocks(set, [{ index: 3, bytes: seededBytes(4, 1024) }])
    expect(await store.readBlocks(set, { start: 2, count: 2 })).toEqual([seededBytes(3, 1024), seededBytes(4, 1024)])
    await store.remove(set)
    expect(await store.sets()).toEqual([])
    terminate()
  })
})
