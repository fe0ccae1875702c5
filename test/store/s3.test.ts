import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readKeeperConfig } from '../../relay/keeper-config.ts'
import type { SetId } from '../../src/core/ids.ts'
import { freshRecord } from '../../src/engine/describe.ts'
import { StoreBlocked, StoreFailed, StoreFull, StoreUnavailable } from '../../src/store/errors.ts'
import { openFileSystem } from '../../src/store/filesystem.ts'
import { checkStore } from '../../src/store/fsck.ts'
import { openS3 } from '../../src/store/s3.ts'
import { Bucket, type BucketPlace } from '../../src/store/s3/bucket.ts'
import { blockStoreSuite } from '../suites/block-store.ts'
import { startedKeeper } from '../support/keeper.ts'
import { runProgram } from '../support/program.ts'
import { startS3 } from '../support/s3-server.ts'
import { seededBytes } from '../support/seeded.ts'

let server: Awaited<ReturnType<typeof startS3>>
let place: BucketPlace
beforeAll(async () => {
  server = await startS3()
  place = server.place
})
afterAll(() => server[Symbol.asyncDispose]())

async function openPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'quire-s3-'))
  const opened: Awaited<ReturnType<typeof openS3>>[] = []
  const open = async (path = folder, bucket = place) => {
    const fresh = await openS3(path, bucket)
    opened.push(fresh)
    return fresh
  }
  const closeAll = async () => {
    for (const { blocks, catalog } of opened.splice(0)) await Promise.all([blocks.close(), catalog.close()])
  }
  return {
    ...(await open()),
    folder,
    open,
    closeAll,
    dispose: async () => {
      await closeAll()
      for (const path of [folder, `${folder}-crashed`]) await rm(path, { recursive: true, force: true })
    }
  }
}

type Place = Awaited<ReturnType<typeof openPlace>>

blockStoreSuite(
  'S3',
  async () => {
    const opened = await openPlace()
    const { folder, open, closeAll, dispose } = opened
    return {
      store: opened.blocks,
      reopen: async () => {
        await closeAll()
        return (await open()).blocks
      },
      crash: async () => {
        await cp(folder, `${folder}-crashed`, { recursive: true })
        return (await open(`${folder}-crashed`)).blocks
      },
      fillDisk: async () => {
        const spy = vi.spyOn(Bucket.prototype, 'put').mockRejectedValue(new StoreFull())
        return () => spy.mockRestore()
      },
      dispose
    }
  },
  ['crash', 'fillDisk']
)

const set = 'a-set' as SetId
const shape = { blockCount: 100, blockBytes: 1024 }
const block = (index: number) => ({ index, bytes: seededBytes(index + 1, 1024) })

async function inPlace(work: (opened: Place) => Promise<void>): Promise<void> {
  const opened = await openPlace()
  try {
    await work(opened)
  } finally {
    await opened.dispose()
  }
}

async function keyCount(): Promise<number> {
  let count = 0
  for await (const { key } of new Bucket(place).list('')) if (key) count++
  return count
}

describe('a bucket', () => {
  it('[ST24] has no object of a data set that was removed', () =>
    inPlace(async (opened) => {
      const before = await keyCount()
      await opened.blocks.create(set, shape)
      await opened.blocks.putBlocks(set, [block(1), block(2), block(70)])
      expect(await keyCount()).toBe(before + 2)
      await opened.blocks.remove(set)
      await opened.blocks.swept()
      expect(await keyCount()).toBe(before)
    }))

  it('[ST24] shows what a process that was killed left in it, and loses it when repaired', () =>
    inPlace(async (opened) => {
      const { blocks, catalog } = opened
      await blocks.create(set, shape)
      await catalog.putItem({ ...freshRecord(set), origin: 'fetched', kind: 'plain' })
      await blocks.putBlocks(set, [block(1)])
      const put = vi.spyOn(Bucket.prototype, 'put')
      put.mockImplementation(async function (this: Bucket, key, bytes) {
        put.mockRestore()
        await this.put(key, bytes)
        throw new StoreFailed('killed')
      })
      await expect(blocks.putBlocks(set, [block(9)])).rejects.toBeInstanceOf(StoreFailed)
      expect((await blocks.held(set))!.count).toBe(1)
      expect((await checkStore({ blocks, catalog }, { repair: true })).problems).toMatchObject([
        { kind: 'orphan-bytes', sizeBytes: 1024, isRepaired: true }
      ])
      expect((await checkStore({ blocks, catalog })).problems).toEqual([])
      await blocks.putBlocks(set, [block(9)])
      expect(await blocks.readBlocks(set, { start: 9, count: 1 })).toEqual([block(9).bytes])
    }))

  it('[ST23] has its folder backed up, which finds its blocks again', () =>
    inPlace(async ({ folder, blocks, open, closeAll }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(3)])
      await blocks.backUp(`${folder}-crashed`)
      await closeAll()
      const copy = await open(`${folder}-crashed`)
      expect(await copy.blocks.readBlocks(set, { start: 3, count: 1 })).toEqual([block(3).bytes])
    }))

  it('[ST22] [ST24] takes back the claim on one block of an object, and takes that block again', () =>
    inPlace(async ({ blocks }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(
        set,
        Array.from({ length: 64 }, (_, index) => block(index))
      )
      await blocks.unclaim(set, [{ start: 5, count: 2 }], [])
      expect([...(await blocks.held(set))!.ranges()]).toEqual([
        { start: 0, count: 5 },
        { start: 7, count: 57 }
      ])
      expect(await blocks.usedBytes()).toBe(62 * 1024)
      await blocks.putBlocks(set, [block(5), block(6)])
      const read = await blocks.readBlocks(set, { start: 0, count: 64 })
      expect(read.every((bytes, index) => Buffer.compare(bytes, block(index).bytes) === 0)).toBe(true)
    }))

  it('[ST24] that is another one, that is not there, or that does not answer, says so', () =>
    inPlace(async ({ folder, blocks, open, closeAll }) => {
      await blocks.create(set, shape)
      await expect(open()).rejects.toBeInstanceOf(StoreBlocked)
      await closeAll()
      await expect(open(folder, { ...place, bucket: 'other' })).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(openFileSystem(folder)).rejects.toBeInstanceOf(StoreUnavailable)
      const nowhere = new Bucket({ ...place, bucket: 'nowhere' })
      await expect(nowhere.get('x', 0, 1)).rejects.toBeInstanceOf(StoreUnavailable)
      const silent = new Bucket({ ...place, endpoint: 'http://127.0.0.1:9' })
      await expect(silent.put('x', new Uint8Array(1))).rejects.toBeInstanceOf(StoreFailed)
    }))

  it('[ST24] that stops in the middle of an answer says so, as one that gives none', () =>
    inPlace(async ({ blocks }) => {
      await blocks.create(set, shape)
      await blocks.putBlocks(set, [block(1)])
      vi.spyOn(Response.prototype, 'arrayBuffer').mockRejectedValueOnce(new DOMException('late', 'TimeoutError'))
      await expect(blocks.readBlocks(set, { start: 1, count: 1 })).rejects.toBeInstanceOf(StoreFailed)
      expect(await blocks.readBlocks(set, { start: 1, count: 1 })).toEqual([block(1).bytes])
    }))

  it('is named by an address that holds its key, and a wrong one is not repeated', () => {
    const url = 'https://AK:a%2Fb+c@s3.example:9000/blocks?region=eu-1'
    expect(readKeeperConfig({ QUIRE_S3: url }, []).bucket).toEqual({
      endpoint: 'https://s3.example:9000',
      bucket: 'blocks',
      region: 'eu-1',
      accessKeyId: 'AK',
      secretAccessKey: 'a/b+c'
    })
    for (const wrong of [
      's3.example/blocks',
      'https://AK:secret@s3.example',
      'https://s3.example/blocks',
      'https://A:%zz@s3.example/blocks'
    ]) {
      expect(() => readKeeperConfig({}, ['--s3', wrong])).toThrow(/^--s3 is "…"; it must be the address of a bucket/)
    }
  })

  it('[ST24] holds what a keeper holds, and none of it is on its disk', async () => {
    const url = new URL(`${place.endpoint}/quire?region=us-east-1`)
    url.username = place.accessKeyId
    url.password = place.secretAccessKey
    const content = seededBytes(77, 300_000)
    const before = await keyCount()
    await using started = await startedKeeper('--s3', url.href)
    const sent = await fetch(`${started.base}/data`, { method: 'POST', body: content })
    const cid = await sent.text()
    expect(await keyCount()).toBeGreaterThan(before)
    expect(await readdir(join(started.dir, 'store'))).not.toContain('slabs')
    const got = await fetch(`${started.base}/data/${cid}`)
    expect(Buffer.from(await got.arrayBuffer()).equals(content)).toBe(true)
    await started.keeper.stop()
    const said = await runProgram('relay/cli.ts', ['fsck', '--data', started.dir, '--json'], { QUIRE_S3: url.href })
    expect(JSON.parse(said.lines[0]!)).toMatchObject({ setCount: 1, verifiedBlocks: 5, problemCount: 0 })
    const alone = (...words: string[]) =>
      runProgram('relay/cli.ts', [...words, '--data', started.dir, '--json'], { QUIRE_S3: url.href })
    expect(JSON.parse((await alone('ls')).lines[0]!)).toMatchObject({ cid, complete: true })
    expect(JSON.parse((await alone('status')).lines[0]!)).toMatchObject({ items: 1 })
    expect((await alone('forget', cid)).code).toBe(0)
    expect((await alone('ls')).lines).toEqual([])
  })
})
