import 'fake-indexeddb/auto'
import { vi } from 'vitest'
import { openIndexedDb } from '../../src/store/indexeddb.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { catalogSuite } from '../suites/catalog.ts'

let places = 0

async function openPlace() {
  const name = `place ${places++}`
  const open = async () => (await openIndexedDb(name)).blocks
  const store = await open()
  return {
    store,
    second: open,
    crash: open,
    fillDisk: async () => {
      const full = new DOMException('full', 'QuotaExceededError')
      const spy = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
        throw full
      })
      return () => spy.mockRestore()
    },
    reopen: async () => {
      await store.close()
      return open()
    },
    dispose: () => store.close()
  }
}

blockStoreSuite('IndexedDB (in Node)', openPlace, ['second', 'crash', 'fillDisk'])

catalogSuite('IndexedDB (in Node)', async () => {
  const name = `place ${places++}`
  const { catalog } = await openIndexedDb(name)
  const reopen = async () => {
    await catalog.close()
    return (await openIndexedDb(name)).catalog
  }
  return { catalog, reopen, dispose: () => catalog.close() }
})
