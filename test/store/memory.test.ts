import { MemoryBlockStore, MemoryCatalog } from '../../src/store/memory.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { catalogSuite } from '../suites/catalog.ts'
import { pagedCatalogSuite } from '../suites/paged-catalog.ts'
import { PagedMemoryCatalog } from '../support/paged-memory.ts'

blockStoreSuite('memory', async () => {
  const store = new MemoryBlockStore()
  return { store, reopen: async () => store.reopened(), dispose: () => store.close() }
})

catalogSuite('memory', async () => {
  const catalog = new MemoryCatalog()
  return { catalog, reopen: async () => catalog.reopened(), dispose: () => catalog.close() }
})

pagedCatalogSuite('memory', async () => {
  const catalog = new PagedMemoryCatalog()
  return { catalog, dispose: () => catalog.close() }
})
