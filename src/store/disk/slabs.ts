import { truncateSync } from 'node:fs'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { openFilesMax } from '../../core/limits.ts'
import { codeOf, flushFolder, writeAll } from '../folder.ts'
import { LeasePool } from '../lease-pool.ts'

/** The slab files of a folder, opened as they are needed. */
export class Slabs {
  readonly folder: string
  readonly #files: LeasePool<number, FileHandle>

  private constructor(folder: string) {
    this.folder = folder
    this.#files = new LeasePool(
      openFilesMax,
      (slab) => this.#openFile(slab),
      (file) => file.close()
    )
  }

  static async open(folder: string): Promise<Slabs> {
    await mkdir(folder, { recursive: true })
    return new Slabs(folder)
  }

  pathOf(slab: number): string {
    return join(this.folder, slabName(slab))
  }

  write(slab: number, start: number, bytes: Uint8Array): Promise<void> {
    return this.#files.use(slab, (file) => writeAll(file, bytes, start))
  }

  /** Fills `into`; false where the file is shorter. */
  read(slab: number, start: number, into: Uint8Array): Promise<boolean> {
    return this.#files.use(slab, async (file) => {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await file.read(into, done, into.length - done, start + done)
        if (bytesRead === 0) return false
        done += bytesRead
      }
      return true
    })
  }

  /** Resolves when what was written before survives a power cut. */
  flush(slab: number): Promise<void> {
    return this.#files.use(slab, (file) => file.datasync())
  }

  /** At once, so that nothing can be written behind the new end meanwhile. */
  cut(slab: number, end: number): void {
    try {
      truncateSync(this.pathOf(slab), end)
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') throw thrown
    }
  }

  close(): Promise<void> {
    return this.#files.dropAll()
  }

  async #openFile(slab: number): Promise<FileHandle> {
    try {
      return await open(this.pathOf(slab), 'r+')
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') throw thrown
    }
    const file = await open(this.pathOf(slab), 'wx+')
    await flushFolder(this.folder)
    return file
  }
}

/** Within a store's folder. */
export const slabsFolder = 'slabs'

/** The name of its file. */
export const slabName = (slab: number): string => `${String(slab).padStart(6, '0')}.slab`
