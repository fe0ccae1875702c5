import { MemoryBlockStore } from '../../src/store/memory.ts'
import { blockStoreSuite } from '../suites/block-store.ts'

blockStoreSuite('memory', async () => {
  const store = new MemoryBlockStore()
  return { store, reopen: async () => store.reopened(), dispose: () => store.close() }
})
