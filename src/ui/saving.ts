import { workerReadyMs } from '../core/limits.ts'
import type { FileView, Item } from '../engine/types.ts'
import { NoSuchFile } from '../engine/errors.ts'
import { downloadByWorker, downloadFromMemory } from './saving/download.ts'
import { folderPicker } from './saving/folder-picker.ts'
import type { SaveOutcome, StreamHost } from './stream-host.ts'
import { fileSource, type NumberedFile } from './streaming/sources.ts'

/**
 * Writes files of items to the person's disk. One place decides how: the service worker hands the browser a download
 * (a file as it is, several as one archive), and where there is no worker the bytes go through memory.
 */
export class Saver {
  readonly #host: StreamHost
  readonly #container: ServiceWorkerContainer | undefined

  constructor(host: StreamHost, container: ServiceWorkerContainer | undefined) {
    this.#host = host
    this.#container = container
  }

  /** Resolves when the browser has every byte, or the person declined. Rejects when the save would be cut short. */
  async save(item: Item, files: readonly FileView[]): Promise<SaveOutcome> {
    const chosen = await numbered(item, files)
    const [only] = chosen
    const source =
      chosen.length === 1 && only
        ? fileSource(item, only)
        : (await import('./streaming/zip-source.ts')).zipSource(item, chosen)
    if (!(await this.#controlled())) return downloadFromMemory(source)
    const part = chosen.length === 1 && only ? only.index : 'zip'
    return downloadByWorker(this.#host.offer(item.id, part, source))
  }

  /** Whether several files can be written as a folder. */
  get canSaveFolder(): boolean {
    return folderPicker() !== undefined
  }

  /** Asks for a folder and writes the files into it, each whole or not at all; to be called from a click. */
  async saveFolder(item: Item, files: readonly FileView[]): Promise<SaveOutcome> {
    const pick = folderPicker()
    if (!pick) return this.save(item, files)
    const { saveIntoFolder } = await import('./saving/into-folder.ts')
    return saveIntoFolder(item, await numbered(item, files), pick)
  }

  /** Whether a worker answers for this page; a first visit's worker takes over within moments. */
  async #controlled(): Promise<boolean> {
    const container = this.#container
    if (!container) return false
    if (container.controller) return true
    if (!(await container.getRegistration())) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    container.addEventListener('controllerchange', () => resolve(), { once: true })
    setTimeout(resolve, workerReadyMs)
    await promise
    return container.controller !== null
  }
}

/** The files with their numbers in the item. */
async function numbered(item: Item, files: readonly FileView[]): Promise<NumberedFile[]> {
  const indexes = new Map((await item.files()).map((file, index) => [file.path, index]))
  return files.map((file) => {
    const index = indexes.get(file.path)
    if (index === undefined) throw new NoSuchFile(-1)
    return { index, file }
  })
}
