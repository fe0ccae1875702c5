import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportItem } from '../../relay/export.ts'
import type { FileView, Item } from '../../src/engine/types.ts'
import { temporaryFolder } from '../support/files.ts'
import { seededBytes } from '../support/seeded.ts'
import { halfWrites } from '../support/store-folder.ts'

let place: Awaited<ReturnType<typeof temporaryFolder>>

beforeEach(async () => {
  place = await temporaryFolder('export')
})
afterEach(() => place[Symbol.asyncDispose]())

type Contents = Readonly<Record<string, Uint8Array>>

/** An item of these files, read in two chunks each; `broken` ends early or fails after the first. */
function itemOf(contents: Contents, broken?: { readonly path: string; readonly by: 'end' | 'error' }) {
  const paths = Object.keys(contents)
  const open = { now: 0, most: 0 }
  const read = (path: string): ReadableStream<Uint8Array> => {
    open.most = Math.max(open.most, ++open.now)
    const bytes = contents[path]!
    const chunks = [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]
    if (path === broken?.path) chunks.pop()
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const chunk = chunks.shift()
      if (chunk) return controller.enqueue(chunk)
      open.now--
      if (path === broken?.path && broken.by === 'error') controller.error(new Error('nobody has the rest'))
      else controller.close()
    }
    return new ReadableStream({ pull }, { highWaterMark: 0 })
  }
  const item = {
    files: async () =>
      paths.map((path): FileView => ({ path, sizeBytes: contents[path]!.length, mimeType: '', modifiedAtMs: 0 })),
    read: (index: number) => read(paths[index]!)
  }
  return { item: item as unknown as Item, open }
}

const someFiles = (count: number, sizeBytes: number): Record<string, Uint8Array> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`book/part ${i % 7}/${i}.txt`, seededBytes(i + 1, sizeBytes)])
  )

async function allIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
}

describe('writing the files of a share', () => {
  it('writes each whole, many small ones side by side', async () => {
    const contents = { ...someFiles(300, 900), 'film.bin': seededBytes(5, 3_000_000) }
    const { item, open } = itemOf(contents)
    const written = await exportItem(item, place.path)
    expect(written).toEqual(Object.keys(contents).map((path) => join(place.path, path)))
    for (const [path, bytes] of Object.entries(contents)) {
      expect(Buffer.compare(await readFile(join(place.path, path)), bytes)).toBe(0)
    }
    expect(await allIn(place.path)).toHaveLength(301)
    expect(open.most).toBeGreaterThan(4)
    expect(open.most).toBeLessThanOrEqual(32)
  })

  it('writes large ones one after the other', async () => {
    const { item, open } = itemOf(someFiles(4, 5_000_000))
    await exportItem(item, place.path)
    expect(open.most).toBe(1)
  })

  it('leaves alone what is there, and gives no two files one name', async () => {
    await writeFile(join(place.path, 'a.txt'), 'mine')
    const contents = { 'a.txt': Buffer.from('first'), 'a (2).txt': Buffer.from('second'), '.env': Buffer.from('third') }
    await writeFile(join(place.path, '.env'), 'mine')
    const written = await exportItem(itemOf(contents).item, place.path)
    expect(written).toEqual(['a (2).txt', 'a (2) (2).txt', '.env (2)'].map((name) => join(place.path, name)))
    for (const [i, text] of ['first', 'second', 'third'].entries())
      expect(await readFile(written[i]!, 'utf8')).toBe(text)
    expect(await readFile(join(place.path, 'a.txt'), 'utf8')).toBe('mine')
  })

  it.each(['end', 'error'] as const)('where one does not come whole (%s) nothing half is left', async (by) => {
    const { item } = itemOf(someFiles(400, 900), { path: 'book/part 3/10.txt', by })
    await expect(exportItem(item, place.path)).rejects.toThrow(by === 'error' ? 'nobody has the rest' : '/10.txt')
    const left = await allIn(place.path)
    expect(left).not.toContain('10.txt')
    expect(left.filter((name) => !name.endsWith('.txt'))).toEqual([])
    // Those under way, and as many as a slow disk lets through before the failure is known: never near all.
    expect(left.length).toBeLessThan(200)
  })

  it('writes all of each where the disk takes a part of each write alone', async () => {
    const contents = someFiles(3, 9_000)
    using _half = await halfWrites(place.path)
    await exportItem(itemOf(contents).item, place.path)
    for (const [path, bytes] of Object.entries(contents)) {
      expect(Buffer.compare(await readFile(join(place.path, path)), bytes)).toBe(0)
    }
  })

  it('leaves nothing half where it is stopped', async () => {
    const stopped = new AbortController()
    const { item } = itemOf({ 'film.bin': seededBytes(5, 3_000_000), 'late.txt': seededBytes(6, 90) })
    const { read } = item
    item.read = (index, ...range) => {
      if (index === 0) stopped.abort(new Error('stopped'))
      return read(index, ...range)
    }
    await expect(exportItem(item, place.path, stopped.signal)).rejects.toThrow('stopped')
    expect(await allIn(place.path)).toEqual([])
  })

  it('says where it could not write', async () => {
    await writeFile(join(place.path, 'book'), 'a file where the folder is to be')
    const failure = exportItem(itemOf(someFiles(3, 10)).item, place.path)
    await expect(failure).rejects.toMatchObject({ code: 'cannot-save' })
  })
})
