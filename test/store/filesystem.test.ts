import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { catalogSuite } from '../suites/catalog.ts'

async function openPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  const { blocks: store } = await openFileSystem(folder)
  return {
    store,
    reopen: async () => {
      await store.close()
      return (await openFileSystem(folder)).blocks
    },
    // What is on the disk at this moment, while the first still writes.
    crash: async () => {
      await cp(folder, `${folder}-crashed`, { recursive: true })
      return (await openFileSystem(`${folder}-crashed`)).blocks
    },
    dispose: async () => {
      await store.close()
      await rm(folder, { recursive: true, force: true })
      await rm(`${folder}-crashed`, { recursive: true, force: true })
    }
  }
}

blockStoreSuite('file system', openPlace, ['crash'])

catalogSuite('file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quire-store-'))
  const { catalog } = await openFileSystem(folder)
  return {
    catalog,
    reopen: async () => {
      await catalog.close()
      return (await openFileSystem(folder)).catalog
    },
    dispose: () => rm(folder, { recursive: true, force: true })
  }
})
