import { openIndexedDb } from '../../src/store/indexeddb.ts'
import { catalogSuite } from '../suites/catalog.ts'

let places = 0

catalogSuite('IndexedDB', async () => {
  const name = `catalog ${places++}`
  const { catalog } = await openIndexedDb(name)
  const reopen = async () => {
    await catalog.close()
    return (await openIndexedDb(name)).catalog
  }
  return { catalog, reopen, dispose: () => catalog.close() }
})
