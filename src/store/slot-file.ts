import { open, type FileHandle } from 'node:fs/promises'
import { Bitmap } from '../core/block/bitmap.ts'
import { StoreFull } from './errors.ts'
import { GroupCommit } from './group-commit.ts'

/** Bytes for slots that lie one after the other. */
export interface SlotRun {
  readonly start: number
  readonly count: number
  readonly bytes: Uint8Array
}

/**
 * A file of slots of one size, each at its own place, and beside it a file of one bit a slot that tells which are
 * filled. A bit is written only after the slot is flushed, and bits are only ever added: so a bitmap torn by a crash
 * claims less than is there, never more.
 */
export class SlotFile {
  readonly filled: Bitmap
  readonly #data: FileHandle
  readonly #marks: FileHandle
  readonly #slotBytes: number
  readonly #commits = new GroupCommit<SlotRun>((runs) => this.#claim(runs))

  private constructor(data: FileHandle, marks: FileHandle, filled: Bitmap, slotBytes: number) {
    this.#data = data
    this.#marks = marks
    this.filled = filled
    this.#slotBytes = slotBytes
  }

  /** Opens both files, and makes them if absent. Slots past the end of the data are not believed. */
  static async open(path: string, slotCount: number, slotBytes: number): Promise<SlotFile> {
    const data = await openOrMake(path)
    try {
      const marks = await openOrMake(`${path}.held`)
      const bytes = new Uint8Array(Math.ceil(slotCount / 8))
      await readFully(marks, bytes, 0)
      const filled = new Bitmap(slotCount, bytes)
      const whole = Math.min(slotCount, Math.floor((await data.stat()).size / slotBytes))
      if (whole < slotCount) filled.clearRange({ start: whole, count: slotCount - whole })
      return new SlotFile(data, marks, filled, slotBytes)
    } catch (thrown) {
      await data.close()
      throw thrown
    }
  }

  /** Resolves when the slots are durable. @throws StoreFull */
  async write(runs: readonly SlotRun[]): Promise<void> {
    for (const { start, bytes } of runs) await writeFully(this.#data, bytes, start * this.#slotBytes)
    await Promise.all(runs.map((run) => this.#commits.add(run)))
  }

  /** Fills `into` from the slot `start` on. False if the file is shorter than it claims. */
  async read(start: number, into: Uint8Array): Promise<boolean> {
    return (await readFully(this.#data, into, start * this.#slotBytes)) === into.length
  }

  async close(): Promise<void> {
    await this.#commits.idle()
    await Promise.all([this.#data.close(), this.#marks.close()])
  }

  async #claim(runs: readonly SlotRun[]): Promise<void> {
    await flushed(this.#data)
    const marked = new Bitmap(this.filled.size, this.filled.bytes.slice())
    for (const run of runs) marked.setRange(run)
    const first = Math.min(...runs.map(({ start }) => start)) >> 3
    const end = (Math.max(...runs.map(({ start, count }) => start + count - 1)) >> 3) + 1
    await writeFully(this.#marks, marked.bytes.subarray(first, end), first)
    await flushed(this.#marks)
    for (const run of runs) this.filled.setRange(run)
  }
}

async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    return open(path, 'wx+')
  }
}

async function readFully(file: FileHandle, into: Uint8Array, at: number): Promise<number> {
  let done = 0
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

async function writeFully(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
  } catch (thrown) {
    throw fullOr(thrown)
  }
}

/** Some systems find out only when they flush that there is no room. */
const flushed = (file: FileHandle): Promise<void> =>
  file.datasync().catch((thrown: unknown) => {
    throw fullOr(thrown)
  })

/** StoreFull where the system says that the disk or the share of this person is full; else what was thrown. */
export function fullOr(thrown: unknown): unknown {
  const { code } = thrown as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' ? new StoreFull({ cause: thrown }) : thrown
}
