import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Disk } from './disk.ts'
import { Stopped } from './errors.ts'

/** Copies of all that a keeper holds, in a folder beside it. */
export class Backups {
  readonly #folder: string
  readonly #disk: Disk
  readonly #ends = new AbortController()

  private constructor(folder: string, disk: Disk) {
    this.#folder = folder
    this.#disk = disk
  }

  /** Of `dataDir`, whose store is open here: what is unfinished there is of a program that was killed, and goes. */
  static async open(dataDir: string, disk: Disk): Promise<Backups> {
    const folder = join(dataDir, 'backups')
    const names: string[] = await readdir(folder).catch(() => []) // none was made yet
    const unfinished = names.filter((name) => name.endsWith('.unfinished'))
    for (const name of unfinished) await rm(join(folder, name), { recursive: true, force: true })
    return new Backups(folder, disk)
  }

  /** Resolves with the folder of a new one. @throws Stopped, StoreUnavailable, StoreFull */
  async make(): Promise<string> {
    await mkdir(this.#folder, { recursive: true })
    this.#ends.signal.throwIfAborted()
    const target = join(this.#folder, new Date().toISOString().replaceAll(':', '-'))
    await this.#disk.backUp(target, this.#ends.signal)
    return target
  }

  /** Calls off what is being made: it may take longer than a program has to end. */
  stop(): void {
    this.#ends.abort(new Stopped('The keeper was stopped meanwhile.'))
  }
}
