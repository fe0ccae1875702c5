import 'fake-indexeddb/auto'
import { openIndexedDb } from '../../src/store/indexeddb.ts'
import { blockStoreSuite } from '../suites/block-store.ts'

let places = 0

async function openPlace() {
  const name = `place ${places++}`
  const open = async () => (await openIndexedDb(name)).blocks
  const store = await open()
  return {
    store,
    second: open,
    crash: open,
    reopen: async () => {
      await store.close()
      return open()
    },
    dispose: () => store.close()
  }
}

blockStoreSuite('IndexedDB (in Node)', openPlace, ['second', 'crash'])
