import { describe, expect, it } from 'vitest'
import { cdp } from 'vitest/browser'
import type { SetId } from '../../src/core/ids.ts'
import { openBrowserStore } from '../../src/store/browser.ts'
import { seededBytes } from '../support/seeded.ts'
import { openInWorker } from '../support/store-in-worker.ts'
import { blockStoreSuite } from '../suites/block-store.ts'

let places = 0

/** This origin is allowed nothing more, until the function it returns is called. */
async function fillDisk(): Promise<() => Promise<void>> {
  const { origin } = location
  const { usage = 0 } = await navigator.storage.estimate()
  await cdp().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: Math.max(1, Math.floor(usage / 2)) })
  return async () => {
    await cdp().send('Storage.overrideQuotaForOrigin', { origin })
  }
}

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
    fillDisk,
    dispose: async () => opened.forEach((one) => one.terminate())
  }
}

// Chromium's IndexedDB remembers for a while how much room there was, so a full disk is not to be had here.
blockStoreSuite('IndexedDB', () => openPlace('records'), ['second', 'crash'])
blockStoreSuite('private files', () => openPlace('best'), ['second', 'crash', 'fillDisk'])

describe('a browser store', () => {
  it('[ST12] keeps new data sets in private files in a worker, and in records on the page', async () => {
    const { store, home, terminate } = await openInWorker('best', 'homes')
    await store.close()
    terminate()
    const onPage = await openBrowserStore('homes')
    expect([home, onPage.home]).toEqual(['file', 'records'])
    await onPage.blocks.close()
  })

  it('[ST12] is the same for tabs that open it at once', async () => {
    const opened = await Promise.all(Array.from({ length: 12 }, () => openInWorker('best', 'at once')))
    expect(new Set(opened.map(({ home }) => home))).toEqual(new Set(['file']))
    for (const { terminate } of opened) terminate()
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
