import { describe, expect, it } from 'vitest'
import type { FileView } from '../../src/engine/types.ts'
import { saveIntoFolder } from '../../src/ui/saving/into-folder.ts'
import { FakeItem, fakeView } from '../support/fake-quire.ts'

/** A folder as the browser hands one out, in memory; names for which `refuses` holds are not allowed. */
class Folder {
  readonly files = new Map<string, Blob>()
  readonly folders = new Map<string, Folder>()
  readonly #refuses: (name: string) => boolean

  constructor(refuses: (name: string) => boolean) {
    this.#refuses = refuses
  }

  getDirectoryHandle(name: string): Promise<Folder> {
    if (this.#refuses(name)) return Promise.reject(new TypeError('Name is not allowed.'))
    const folder = this.folders.get(name) ?? new Folder(this.#refuses)
    this.folders.set(name, folder)
    return Promise.resolve(folder)
  }

  getFileHandle(name: string, { create = false } = {}) {
    if (this.#refuses(name)) return Promise.reject(new TypeError('Name is not allowed.'))
    if (!this.files.has(name) && !create) return Promise.reject(new DOMException('', 'NotFoundError'))
    if (!this.files.has(name)) this.files.set(name, new Blob())
    return Promise.resolve({
      getFile: () => Promise.resolve(this.files.get(name)),
      createWritable: () => {
        const parts: BlobPart[] = []
        const close = () => void this.files.set(name, new Blob(parts))
        return Promise.resolve(new WritableStream<BlobPart>({ write: (part) => void parts.push(part), close }))
      }
    })
  }

  removeEntry(name: string): Promise<void> {
    this.files.delete(name)
    return Promise.resolve()
  }
}

function save(paths: readonly string[], folder: Folder): Promise<string> {
  const files = paths.map((path, at): FileView => ({ path, sizeBytes: 100 + at, mimeType: '', modifiedAtMs: 0 }))
  const item = new FakeItem(fakeView('x'), files)
  const numbered = files.map((file, index) => ({ file, index }))
  return saveIntoFolder(item, numbered, () => Promise.resolve(folder as unknown as FileSystemDirectoryHandle))
}

const sizes = ({ files }: Folder) => [...files].map(([name, { size }]) => [name, size])

describe('a save into a folder', () => {
  it('writes every file to its place, and none over another', async () => {
    const folder = new Folder(() => false)
    folder.files.set('a.txt', new Blob(['mine']))
    expect(await save(['a.txt', 'day 1/b.txt'], folder)).toBe('saved')
    expect(sizes(folder)).toEqual([
      ['a.txt', 4],
      ['a (2).txt', 100]
    ])
    expect(sizes(folder.folders.get('day 1')!)).toEqual([['b.txt', 101]])
  })

  it('goes on after names that the browser refuses, and tells of them', async () => {
    const folder = new Folder((name) => /\.lnk$|^con$/.test(name))
    const saved = save(['a.txt', 'x.lnk', 'con/c.txt', 'd.txt'], folder)
    await expect(saved).rejects.toMatchObject({ code: 'name-refused', params: { path: 'x.lnk', more: 1 } })
    expect(sizes(folder)).toEqual([
      ['a.txt', 100],
      ['d.txt', 103]
    ])
  })

  it('stops where the folder itself cannot be written', async () => {
    const folder = new Folder(() => false)
    folder.getFileHandle = () => Promise.reject(new DOMException('', 'NotAllowedError'))
    await expect(save(['a.txt', 'b.txt'], folder)).rejects.toMatchObject({ code: 'folder-refused' })
  })
})
